// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "rondo/base/file_descriptor.hpp"

/// Bytes of files at places that are known.
namespace rondo::checkpoint {

/// An open file, and its name for messages. Reading and writing are thread-safe.
class FileBytes {
 public:
  enum class Access : std::uint8_t { read, read_and_write, create };

  /// Opens a regular file that exists, or one that does not, to write it.
  /// \throws IoError  missing_input; cannot_create or io
  FileBytes(std::filesystem::path path, Access access);

  const std::filesystem::path& path() const noexcept { return path_; }
  /// Bytes that it has now. \throws IoError  missing_input
  std::uint64_t size() const;

  /// Reads all of `bytes`. \throws IoError  missing_input: unreadable; bad_content: it ends before
  void read(std::uint64_t offset, std::span<std::byte> bytes) const;
  /// Has the system read farther ahead, where it can.
  void will_be_read_in_order() const noexcept;
  /// Writes all of `bytes`. \throws IoError  io
  void write(std::uint64_t offset, std::span<const std::byte> bytes);

  /// Finds room for all of the file, where the file system can. \throws IoError  io: it is full
  void reserve(std::uint64_t bytes);
  /// Has the disk begin with what was written there, where the system can. \throws IoError  io
  void start_writing_out(std::uint64_t offset, std::uint64_t bytes);
  /// Returns when all that was written by anybody is on disk. \throws IoError  io
  void sync();

 private:
  std::filesystem::path path_;
  FileDescriptor descriptor_;
};

}  // namespace rondo::checkpoint
