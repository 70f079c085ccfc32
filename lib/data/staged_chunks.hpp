// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "data/stage_directory.hpp"
#include "data/stage_set.hpp"

namespace rondo::data {

/// Copies of one dataset's chunks, as its file stores them, on a local disk.
///
/// Each copy is a file that ends in the hash of its bytes and of what it is a copy of; it gets its
/// name when all of it is written. A copy with another hash is dropped, whatever made it so.
/// Nothing here ever fails the training: where copies cannot be kept, the reason is logged once and
/// no more are made. Thread-safe.
class StagedChunks {
 public:
  /// What the copies are of.
  struct Key {
    std::uint64_t place = 0;  ///< which dataset of which file
    std::uint64_t state = 0;  ///< its content, as far as that is known without reading it
  };

  /// Copies of the same place in another state, which nobody will want again, are removed.
  /// `name` is for messages. \throws IoError  cannot_create: the directory is no good; io: there
  /// are no locks, or the disk is full
  StagedChunks(const StageOptions& options, Key key, std::string name);
  ~StagedChunks();
  StagedChunks(const StagedChunks&) = delete;
  StagedChunks& operator=(const StagedChunks&) = delete;

  /// Whether there is a good copy of the chunk; then it is in `stored`, which has its size.
  bool read(std::size_t chunk, std::span<std::byte> stored);
  /// Copies a chunk, if there is room and no other process is at it.
  void keep(std::size_t chunk, std::span<const std::byte> stored);
  /// Keeps no more. `reason` is a clause.
  void stop(const std::string& reason);

 private:
  StageSet open_set();
  std::uint64_t hash(std::size_t chunk, std::span<const std::byte> stored) const;
  void drop(std::size_t chunk);
  FileDescriptor reserve(std::size_t chunk, std::uint64_t bytes);
  void give_up(std::size_t chunk, std::uint64_t bytes, const std::string& reason);

  StageDirectory directory_;
  Key key_;
  std::string name_;
  StageSet set_;
  std::atomic<bool> is_stopped_ = false;
  std::atomic<bool> has_warned_ = false;  ///< of a damaged copy
};

}  // namespace rondo::data
