// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rondo::data {

/// The window that `--window auto` means: the chunks that make 64 MiB, and 4 at least.
std::size_t automatic_window(std::uint64_t chunk_bytes);

/// How an epoch orders a split.
enum class SampleOrder : std::uint8_t {
  shuffled,  ///< for training
  stored     ///< as in the file, every epoch: for validation; lane l owns [floor(l N/L), ...)
};

/// Which samples a lane uses at a step: a pure function of (seed, epoch, step, lane), the number of
/// lanes, the window and the file's chunks; the micro-batch only cuts a lane's sequence into steps,
/// and the number of ranks does not enter. Stateless, without tables, thread-safe; access to any
/// place takes the same time, whatever the number of samples.
///
/// Each epoch lays the chunks out in a new order (a keyed permutation), and lane l owns the
/// positions [l N/L, (l+1) N/L) of that stream of N samples. Its chunks come in groups of `window`,
/// and a keyed permutation shuffles the samples within each group. So a lane needs a chunk during
/// one group only, and every sample is used exactly once an epoch. Odd lanes walk their range
/// backward: a chunk that two lanes share is then needed by both at the same end of the epoch.
/// Reading each chunk once, R ranks read at most C + R - 1 of C chunks an epoch; without any
/// sharing between lanes, C + L - 1.
class LaneSampler {
 public:
  /// Changes when the same options come to mean another order: a run keeps to one.
  static constexpr std::uint64_t version = 1;

  struct Options {
    std::uint64_t seed = 0;
    std::size_t samples = 0;        ///< of the split
    std::size_t chunk_samples = 1;  ///< of the file; the last chunk may hold fewer
    std::size_t lanes = 1;
    std::size_t micro_batch = 1;  ///< samples of a lane a step
    std::size_t window = 4;       ///< chunks whose samples are shuffled together
    SampleOrder order = SampleOrder::shuffled;
  };

  /// \throws UsageError  any number but the seed is 0, or lanes * micro_batch is out of range
  explicit LaneSampler(const Options& options);

  const Options& options() const noexcept { return options_; }
  std::size_t sample_count() const noexcept { return options_.samples; }
  std::size_t lanes() const noexcept { return options_.lanes; }
  std::size_t micro_batch() const noexcept { return options_.micro_batch; }
  std::size_t chunk_count() const noexcept;

  /// Steps until every lane is at its end. All but the last are full.
  std::size_t steps_per_epoch() const noexcept;
  /// Samples of `lane` an epoch: N / L, one more on the first N % L lanes.
  std::size_t lane_samples(std::size_t lane) const;

  /// Positions in the lane's sequence that `step` uses; none where the lane is at its end.
  struct Interval {
    std::size_t begin = 0;
    std::size_t count = 0;
  };
  Interval interval(std::size_t step, std::size_t lane) const;

  /// The samples of `lane` at `step` (below steps_per_epoch()) of `epoch`: those of the interval.
  std::vector<std::uint64_t> samples(std::size_t epoch, std::size_t step, std::size_t lane) const;

  /// The sample at `position` (below lane_samples(lane)) of the lane's sequence.
  std::uint64_t sample(std::size_t epoch, std::size_t lane, std::size_t position) const;

  /// A stretch of a lane's sequence that needs the same chunks, and no other stretch of the lane
  /// does: what to load before its first position, and to drop after its last.
  struct Group {
    std::size_t first = 0;              ///< position in the lane's sequence
    std::size_t count = 0;              ///< positions, at least one
    std::vector<std::uint64_t> chunks;  ///< at most `window`, distinct
  };
  /// How many groups the lane's sequence has: 0 for a lane without samples.
  std::size_t group_count(std::size_t epoch, std::size_t lane) const;
  /// The group that holds `position`.
  std::size_t group_of(std::size_t epoch, std::size_t lane, std::size_t position) const;
  /// The group `index`, below group_count(); the next one follows where it ends.
  Group group(std::size_t epoch, std::size_t lane, std::size_t index) const;
  /// The samples of a whole group in the order of use: one call for `group.count` of sample().
  std::vector<std::uint64_t> group_samples(std::size_t epoch, std::size_t lane,
                                           std::size_t index) const;

  /// From how many chunks a step's samples come on average, relative to a uniform shuffle of the
  /// whole split: 1 is as good as that. Measured on a few steps of the first epoch, at most 2^16
  /// samples.
  double mixing() const;

 private:
  Options options_;
};

}  // namespace rondo::data
