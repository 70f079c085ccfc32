// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "rondo/data/batch_loader.hpp"

#include "data/batch_filler.hpp"
#include "data/chunk_source.hpp"
#include "data/chunk_store.hpp"
#include "data/collective_chunks.hpp"

namespace rondo::data {

/// A pool of threads that loads chunks and fills batches ahead of one caller; BatchLoader without
/// files.
///
/// `depth + kept - 1` batches circulate: free, being filled, ready, the caller's, free; and a
/// bounded number of chunks. A batch is filled piece by piece, so that several threads may work on
/// it; a piece lies within one group of its lane and waits until that group's chunks are there.
/// Nothing is allocated once the buffers exist, but for lists.
class BatchPipeline {
 public:
  /// `source` and `filler` must outlive it, and `together`, if there is one: then next() has the
  /// chunks of a step read there, before its first batch. \throws std::system_error  no thread to
  /// be had
  BatchPipeline(ChunkSource& source, const BatchFiller& filler, LaneSampler sampler,
                const BatchLoader::Options& options, CollectiveChunks* together = nullptr);
  ~BatchPipeline();
  BatchPipeline(const BatchPipeline&) = delete;
  BatchPipeline& operator=(const BatchPipeline&) = delete;

  /// As BatchLoader's.
  const LaneBatch& next();
  bool is_ready() const;
  LoaderStatistics statistics() const;
  EpochReads reads(std::size_t epoch) const;

 private:
  /// A batch on its way to the caller.
  struct Underway {
    LaneBatch batch;
    std::vector<std::uint64_t> samples;
    std::size_t taken = 0;  ///< samples that some thread fills or has filled
    std::size_t filled = 0;
    std::exception_ptr error;

    bool is_ready() const noexcept { return filled == samples.size(); }
  };
  using UnderwayPlace = std::list<Underway>::iterator;

  /// Samples [first, first + count) of a batch.
  struct Piece {
    UnderwayPlace batch;
    const ChunkStore::ReadyGroup* group = nullptr;
    std::size_t first = 0;
    std::size_t count = 0;
  };

  /// The place of a batch among all.
  struct Turn {
    std::size_t epoch = 0, step = 0, lane = 0;
  };

  void work(bool prefers_loads);
  /// Whether a thread that fills may load: only while a batch waits for chunks. One that waits for
  /// the disk to load ahead would be missed by the next batch.
  bool may_load() const;
  bool load_one(std::unique_lock<std::mutex>& lock);
  bool fill_one(std::unique_lock<std::mutex>& lock, std::vector<float>& scratch);
  std::optional<Piece> take_piece();
  bool admit_batches();
  std::exception_ptr fill(const Piece& piece, std::vector<float>& scratch) const;
  void advance(Turn& turn) const;
  /// Whether the caller's next batch is the first one of a step that all ranks begin together.
  bool begins_together() const;
  void read_step_together(std::unique_lock<std::mutex>& lock);
  void stop() noexcept;

  ChunkSource& source_;
  const BatchFiller& filler_;
  CollectiveChunks* const together_;
  const LaneSampler sampler_;
  const BatchLoader::Options options_;
  const std::size_t piece_samples_;  ///< at most, so that all threads share a batch

  mutable std::mutex mutex_;  ///< of everything below
  std::condition_variable changed_;
  ChunkStore store_;
  Turn admitted_;  ///< of the batch to admit next
  Turn asked_;     ///< of the batch that the caller gets next
  std::deque<LaneBatch> free_;
  std::size_t batch_bytes_ = 0;   ///< of all batches together
  std::list<Underway> underway_;  ///< in the caller's order
  std::deque<LaneBatch> kept_;    ///< the caller's
  std::map<std::size_t, EpochReads> reads_;
  LoaderStatistics statistics_;
  std::uint64_t ready_batches_ = 0;  ///< summed over the calls of next()
  std::exception_ptr error_;         ///< of a thread, outside any batch
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace rondo::data
