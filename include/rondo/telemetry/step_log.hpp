// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "rondo/telemetry/append_file.hpp"

namespace rondo::telemetry {

/// A named value of one line of a StepLog. The text a view refers to must live until it is written.
class Field {
 public:
  using Value = std::variant<bool, std::int64_t, std::uint64_t, float, double, std::string_view>;

  Field(std::string_view name, std::signed_integral auto value)
      : name_(name), value_(static_cast<std::int64_t>(value)) {}
  Field(std::string_view name, std::unsigned_integral auto value)
      : name_(name), value_(static_cast<std::uint64_t>(value)) {}
  Field(std::string_view name, bool value) : name_(name), value_(value) {}
  Field(std::string_view name, float value) : name_(name), value_(value) {}
  Field(std::string_view name, double value) : name_(name), value_(value) {}
  Field(std::string_view name, std::string_view value) : name_(name), value_(value) {}
  Field(std::string_view name, const char* value) : name_(name), value_(std::string_view(value)) {}

  std::string_view name() const noexcept { return name_; }
  const Value& value() const noexcept { return value_; }

 private:
  std::string_view name_;
  Value value_;
};

/// The fields as one JSON object without a line end, in the given order. Numbers are the shortest
/// decimals that read back equal (a float as a float); NaN and infinities become null; bytes that
/// are not UTF-8 become U+FFFD.
std::string to_json(std::initializer_list<Field> fields);

/// A file of JSON objects, one a line (NDJSON): `log.write({{"step", 12}, {"loss", 0.31}})`.
///
/// Every line is an entry of an AppendFile: a killed run leaves whole lines only, and a log that
/// fails later (disk full) warns once and drops lines. A default-constructed log writes nothing,
/// which is what ranks other than 0 hold. Not thread-safe.
class StepLog {
 public:
  enum class Mode {
    fresh,   ///< an existing file is emptied
    append,  ///< for a resumed run; where steps repeat, the later line counts
  };

  StepLog() = default;
  /// \throws IoError  cannot_create, or io where the device is full
  explicit StepLog(const std::filesystem::path& path, Mode mode = Mode::fresh);

  void write(std::initializer_list<Field> fields);

  /// Waits until the lines so far are on the device, so that they outlive the machine too.
  void sync() { file_.sync(); }

 private:
  AppendFile file_;
};

}  // namespace rondo::telemetry
