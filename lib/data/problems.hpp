// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rondo/base/error.hpp"

namespace rondo::data {

/// Collects what is wrong with a file, to report all of it in one message.
class Problems {
 public:
  explicit Problems(std::string path) : path_(std::move(path)) {}

  void add(const std::string& problem) { problems_.push_back(problem); }
  void add_unless(bool ok, const std::string& problem) {
    if (!ok) add(problem);
  }
  bool any() const noexcept { return !problems_.empty(); }
  const std::vector<std::string>& all() const noexcept { return problems_; }

  /// The result of `read`, or none and its IoError noted.
  template <class Read>
  auto attempt(Read read) -> std::optional<decltype(read())> {
    try {
      return read();
    } catch (const IoError& error) {
      add_error(error.what());
      return std::nullopt;
    }
  }

  /// \throws IoError  bad_content: all that was noted, if anything was
  void throw_if_any() const;

 private:
  /// Without the file's name in front, which the whole message has.
  void add_error(const std::string& text);

  std::string path_;
  std::vector<std::string> problems_;
};

}  // namespace rondo::data
