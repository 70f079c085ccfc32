// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rondo::data {

/// Which samples a lane uses at a step: a pure function of (seed, epoch, step, lane), of the number
/// of lanes and of the micro-batch; never of the number of ranks. Stateless and thread-safe.
///
/// Each epoch is a keyed permutation of all samples, cut into steps of lanes * micro_batch; the
/// last step's remainder is dealt over the lanes as evenly as possible, so that some lanes may get
/// one sample less, or none. Every sample is used exactly once an epoch.
class LaneSampler {
 public:
  /// \throws UsageError  any argument 0
  LaneSampler(std::uint64_t seed, std::size_t samples, std::size_t lanes, std::size_t micro_batch);

  std::size_t steps_per_epoch() const noexcept;
  std::size_t sample_count() const noexcept { return samples_; }
  std::size_t lanes() const noexcept { return lanes_; }
  std::size_t micro_batch() const noexcept { return micro_batch_; }

  /// The samples of `lane` at `step` (below steps_per_epoch()) of `epoch`, at most micro_batch().
  std::vector<std::uint64_t> samples(std::size_t epoch, std::size_t step, std::size_t lane) const;

  /// Global position within the epoch of the lane's first sample, and how many follow.
  struct Interval {
    std::size_t begin = 0;
    std::size_t count = 0;
  };
  Interval interval(std::size_t step, std::size_t lane) const;

 private:
  std::uint64_t seed_;
  std::size_t samples_;
  std::size_t lanes_;
  std::size_t micro_batch_;
};

}  // namespace rondo::data
