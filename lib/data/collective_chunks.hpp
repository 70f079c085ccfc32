// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/collective_file.hpp"

#include "data/collective_rounds.hpp"
#include "io/chunk_map.hpp"

namespace rondo::data {

/// Chunks that the ranks read together, as they are stored, on their way to the threads that decode
/// them.
///
/// One thread reads, any number take.
class CollectiveChunks {
 public:
  /// `file` must outlive it.
  CollectiveChunks(CollectiveFile& file, CollectiveRounds rounds);

  /// Chunks will be read of this field, too; all ranks add the same ones. `map` must outlive it.
  /// Returns the field's number.
  std::size_t add_field(const io::ChunkMap& map);

  /// Collective: reads what this rank is to load for a step, and takes part in what others read.
  /// \throws AgreedError  a rank could not read, on all ranks
  void read_step(std::size_t epoch, std::size_t step, std::span<const std::uint64_t> chunks);
  /// From now on, take() throws `error`.
  void fail(std::exception_ptr error);

  /// A chunk of a field that read_step() is asked for, waiting for it; each can be had once.
  AlignedBuffer<std::byte> take(std::size_t field, std::uint64_t chunk);

  /// Memory that the chunks of a step have taken at the most.
  std::size_t bytes() const;

 private:
  /// A chunk of a field.
  using Key = std::pair<std::size_t, std::uint64_t>;
  using Buffers = std::map<Key, AlignedBuffer<std::byte>>;

  Buffers make_buffers(std::span<const std::uint64_t> chunks);
  void read_all(Buffers buffers, std::span<const std::uint64_t> chunks, std::size_t rounds);
  void require_whole(std::span<const std::uint64_t> chunks);

  CollectiveFile& file_;
  CollectiveRounds rounds_;
  std::vector<const io::ChunkMap*> fields_;
  mutable std::mutex mutex_;  ///< of everything below
  std::condition_variable changed_;
  Buffers buffers_;
  std::size_t most_bytes_ = 0;
  std::exception_ptr error_;
};

}  // namespace rondo::data
