// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "checkpoint/block.hpp"
#include "checkpoint/file_bytes.hpp"

namespace rondo::checkpoint {

/// Writes elements into a state file in one pass: a block is hashed, written and read back while
/// the cache holds it, and the disk works from the beginning on.
class StateWriter {
 public:
  /// Of a file that exists. \throws IoError  missing_input
  explicit StateWriter(const std::filesystem::path& path);

  /// Writes at most a block and returns its hash. \throws IoError  io: it fails, or what is
  /// written reads back otherwise
  std::uint64_t write(std::uint64_t offset, std::span<const std::byte> bytes);

  /// Returns when all that was written is on disk. \throws IoError  io
  void finish();

  const FileBytes& file() const noexcept { return file_; }

 private:
  void start_writing_out();
  void read_back(std::uint64_t offset, std::size_t bytes, std::uint64_t hash);

  FileBytes file_;
  std::vector<std::byte> buffer_;
  // What has been written, but the disk has not been asked to begin with it, is in this range.
  std::uint64_t pending_begin_ = 0;
  std::uint64_t pending_end_ = 0;
  std::uint64_t pending_bytes_ = 0;
};

}  // namespace rondo::checkpoint
