// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <istream>
#include <memory>
#include <span>
#include <string>

namespace rondo::apps {

/// The bytes of a file, or of memory in tests, with a name for messages.
class ByteInput {
 public:
  /// \throws IoError  missing_input: absent, a directory, or not readable
  explicit ByteInput(const std::filesystem::path& path);
  ByteInput(std::unique_ptr<std::istream> stream, std::string name);

  const std::string& name() const noexcept { return name_; }
  std::uint64_t bytes() const noexcept { return bytes_; }

  /// Reads up to as many bytes as there is room for. \throws IoError  io
  std::size_t read_some(std::span<std::byte> room);
  /// Fills all of `room`; `what` is missing otherwise. \throws IoError  bad_content: truncated
  void read(std::span<std::byte> room, const std::string& what);
  void seek(std::uint64_t offset);

  /// \throws IoError  bad_content: `NAME: problem`
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  void measure();

  std::string name_;
  std::unique_ptr<std::istream> stream_;
  std::uint64_t bytes_ = 0;
};

}  // namespace rondo::apps
