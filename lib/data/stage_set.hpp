// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "rondo/base/file_descriptor.hpp"

#include "data/file_lock.hpp"

namespace rondo::data {

/// The folder of one dataset's copies in a stage: a file per chunk, and the file "set". That holds
/// how many bytes the others take, and when they were used last; every process that uses the copies
/// shares a lock on it.
///
/// Everything that changes a folder happens in one's turn (StageDirectory). Where it says "alone",
/// the exclusive lock is needed besides.
class StageSet {
 public:
  /// Opens a folder, or makes it. \throws IoError  cannot_create or io
  explicit StageSet(std::filesystem::path folder);

  const std::filesystem::path& folder() const noexcept { return folder_; }
  std::filesystem::path chunk_path(std::size_t chunk) const;
  /// Of a copy that is being written.
  std::filesystem::path partial_path(std::size_t chunk) const;

  /// Whether it was to be had at once. \throws IoError  io: no locks here
  bool try_lock(LockKind kind);

  /// What a file takes on a disk.
  static std::uint64_t occupied(std::uint64_t file_bytes) noexcept;
  std::uint64_t bytes() const noexcept { return record().bytes; }
  /// \throws IoError  io
  void add_bytes(std::uint64_t bytes);
  void subtract_bytes(std::uint64_t bytes);

  /// In nanoseconds since 1970.
  std::int64_t last_used() const noexcept { return record().last_used_ns; }
  void mark_used();

  /// Alone: removes what a killed process left half-written, and counts anew.
  void recover();
  /// Alone: removes copies until `wanted` bytes are gone, and the folder if none is left. Returns
  /// the bytes removed.
  std::uint64_t shrink(std::uint64_t wanted);

 private:
  /// What the file "set" holds.
  struct Record {
    std::uint64_t bytes = 0;
    std::int64_t last_used_ns = 0;
  };
  Record record() const noexcept;
  void write(const Record& record);

  std::filesystem::path folder_;
  FileDescriptor file_;
};

}  // namespace rondo::data
