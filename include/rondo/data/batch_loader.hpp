// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/data/lane_sampler.hpp"

namespace rondo::data {

/// One lane's micro-batch; count may be below the sampler's micro_batch, and 0.
struct LaneBatch {
  std::size_t epoch = 0, step = 0, lane = 0;
  std::size_t count = 0;
  AlignedBuffer<float> images;         ///< (micro_batch, C, H, W), the first count valid
  AlignedBuffer<std::int32_t> labels;  ///< (micro_batch)
};

/// Random changes of training images, drawn by (seed, epoch, global sample).
struct Augmentation {
  bool flip = false;      ///< mirror left-right with probability one half
  std::size_t shift = 0;  ///< move by up to this many pixels each way, zeros (the mean) shifted in
};

/// Reads a rank's lanes ahead of the trainer on a thread of its own.
///
/// Yields, from (epoch, step) on, for each step the lanes [first_lane, last_lane) in order; epochs
/// follow each other without end. At most `depth` batches are held, the caller's included. An error
/// of the thread is thrown by next(), after the batches before it. The destructor stops the thread
/// and joins it. One thread calls next() and wait_seconds().
class BatchLoader {
 public:
  struct Options {
    std::size_t first_lane = 0, last_lane = 1;
    std::size_t epoch = 0, step = 0;  ///< where to start
    std::size_t depth = 4;
    std::uint64_t seed = 0;  ///< of the augmentation
    Augmentation augmentation = {};
  };

  /// `dataset` is shared with the caller's other users and must outlive the loader.
  /// \throws UsageError  lanes, step or depth out of range, or more samples than in `dataset`
  BatchLoader(Dataset& dataset, LaneSampler sampler, Options options);
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  /// The next batch, waiting for it if need be; valid until the next call.
  const LaneBatch& next();

  /// Seconds that next() has waited so far.
  double wait_seconds() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo::data
