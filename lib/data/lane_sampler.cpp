// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/lane_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "rondo/base/error.hpp"
#include "rondo/base/philox.hpp"

#include "data/epoch_stream.hpp"
#include "data/even_shares.hpp"

namespace rondo::data {
namespace {

constexpr std::uint64_t automatic_window_bytes = std::uint64_t{64} << 20;
constexpr std::size_t least_automatic_window = 4;
constexpr std::size_t most_measured_samples = 1U << 16;
constexpr std::size_t most_measured_steps = 32;

std::size_t rounded_up(std::size_t dividend, std::size_t divisor) {
  return dividend / divisor + (dividend % divisor == 0 ? 0 : 1);
}

/// Where lane `lane`, or the one behind the last, begins in the stream.
std::size_t lane_begin(const LaneSampler::Options& options, std::size_t lane) {
  if (options.order == SampleOrder::shuffled)
    return EvenShares(options.samples, options.lanes).begin(lane);
  // lane * samples / lanes, which may be out of range
  const std::size_t remainder = options.samples % options.lanes;
  return options.samples / options.lanes * lane + remainder * lane / options.lanes;
}

/// A lane's way through an epoch: its part of the stream, when shuffled from the end to the begin
/// on odd lanes, cut into groups.
class LaneWalk {
 public:
  LaneWalk(const LaneSampler::Options& options, std::size_t epoch, std::size_t lane)
      : stream_(options, epoch),
        order_(options.order),
        begin_(lane_begin(options, lane)),
        end_(lane_begin(options, lane + 1)),
        is_backward_(order_ == SampleOrder::shuffled && lane % 2 == 1),
        first_slot_(count() == 0 ? 0 : stream_.slot_of(begin_)),
        slots_(count() == 0 ? 0 : stream_.slot_of(end_ - 1) + 1 - first_slot_),
        groups_(rounded_up(slots_, options.window)) {}

  /// Consecutive slots, clipped to the lane's part; positions of the stream.
  struct Stretch {
    std::size_t begin;
    std::size_t end;
    std::size_t first_slot;
    std::size_t last_slot;  ///< one beyond
  };

  const EpochStream& stream() const { return stream_; }
  SampleOrder order() const { return order_; }
  std::size_t count() const { return end_ - begin_; }
  std::size_t group_count() const { return groups_; }

  std::size_t group_of(std::size_t position) const {
    const std::size_t slot =
        stream_.slot_of(is_backward_ ? end_ - 1 - position : begin_ + position);
    const std::size_t passed = slot - first_slot_;
    return EvenShares(slots_, groups_).part_of(is_backward_ ? slots_ - 1 - passed : passed);
  }

  Stretch stretch(std::size_t group) const {
    const EvenShares shares(slots_, groups_);
    const std::size_t first =
        first_slot_ + (is_backward_ ? slots_ - shares.end(group) : shares.begin(group));
    const std::size_t last = first + shares.count(group);
    return {std::max(begin_, stream_.begin_of(first)), std::min(end_, stream_.begin_of(last)),
            first, last};
  }

  /// Where the stretch begins in the lane's sequence.
  std::size_t first_position(const Stretch& stretch) const {
    return is_backward_ ? end_ - stretch.end : stretch.begin - begin_;
  }

 private:
  EpochStream stream_;
  SampleOrder order_;
  std::size_t begin_;
  std::size_t end_;
  bool is_backward_;
  std::size_t first_slot_;
  std::size_t slots_;
  std::size_t groups_;
};

/// The stream's position that comes at place `index` of the shuffled stretch.
std::size_t shuffled(const LaneWalk& walk, const LaneWalk::Stretch& stretch, std::size_t index) {
  if (walk.order() == SampleOrder::stored) return stretch.begin + index;
  constexpr std::uint32_t only_stream = 0;
  // No other stretch of the epoch begins there, so each has a key of its own.
  return stretch.begin + permuted(walk.stream().key_at(stretch.begin), only_stream,
                                  stretch.end - stretch.begin, index);
}

std::uint64_t sample_of(const LaneWalk& walk, std::size_t position) {
  const LaneWalk::Stretch stretch = walk.stretch(walk.group_of(position));
  return walk.stream().sample_at(shuffled(walk, stretch, position - walk.first_position(stretch)));
}

/// How many chunks `count` samples come from on average that are drawn from all without repetition.
double uniform_chunks(const LaneSampler::Options& options, std::size_t count) {
  const auto chance_to_miss = [&](std::size_t chunk_samples) {
    const std::size_t few = std::min(count, chunk_samples);
    const std::size_t many = std::max(count, chunk_samples);
    if (few + many > options.samples) return 0.0;
    double logarithm = 0;
    for (std::size_t i = 0; i < few; ++i)
      logarithm +=
          std::log1p(-static_cast<double>(many) / static_cast<double>(options.samples - i));
    return std::exp(logarithm);
  };
  const std::size_t full = options.samples / options.chunk_samples;
  const std::size_t partial = options.samples % options.chunk_samples;
  return static_cast<double>(full) * (1 - chance_to_miss(options.chunk_samples)) +
         (partial == 0 ? 0 : 1 - chance_to_miss(partial));
}

}  // namespace

std::size_t automatic_window(std::uint64_t chunk_bytes) {
  require(chunk_bytes > 0, "automatic_window: a chunk must hold bytes");
  return std::max<std::size_t>(automatic_window_bytes / chunk_bytes, least_automatic_window);
}

LaneSampler::LaneSampler(const Options& options) : options_(options) {
  require(options.samples > 0 && options.chunk_samples > 0 && options.lanes > 0 &&
              options.micro_batch > 0 && options.window > 0,
          "LaneSampler: samples, chunk, lanes, micro-batch and window must be above 0");
  require(options.lanes <= std::numeric_limits<std::size_t>::max() / options.micro_batch,
          "LaneSampler: lanes * micro-batch is out of range");
}

std::size_t LaneSampler::chunk_count() const noexcept {
  return rounded_up(options_.samples, options_.chunk_samples);
}

std::size_t LaneSampler::steps_per_epoch() const noexcept {
  return rounded_up(rounded_up(options_.samples, options_.lanes), options_.micro_batch);
}

std::size_t LaneSampler::lane_samples(std::size_t lane) const {
  require(lane < options_.lanes, "LaneSampler: lane out of range");
  return lane_begin(options_, lane + 1) - lane_begin(options_, lane);
}

LaneSampler::Interval LaneSampler::interval(std::size_t step, std::size_t lane) const {
  require(step < steps_per_epoch(), "LaneSampler: step out of range");
  const std::size_t end = lane_samples(lane);
  const std::size_t begin = std::min(step * options_.micro_batch, end);
  return {begin, std::min(options_.micro_batch, end - begin)};
}

std::vector<std::uint64_t> LaneSampler::samples(std::size_t epoch, std::size_t step,
                                                std::size_t lane) const {
  const auto [begin, count] = interval(step, lane);
  const LaneWalk walk(options_, epoch, lane);
  std::vector<std::uint64_t> samples(count);
  for (std::size_t i = 0; i < count; ++i)
    samples[i] = sample_of(walk, begin + i);
  return samples;
}

std::uint64_t LaneSampler::sample(std::size_t epoch, std::size_t lane, std::size_t position) const {
  require(position < lane_samples(lane), "LaneSampler: position out of range");
  return sample_of(LaneWalk(options_, epoch, lane), position);
}

std::size_t LaneSampler::group_count(std::size_t epoch, std::size_t lane) const {
  require(lane < options_.lanes, "LaneSampler: lane out of range");
  return LaneWalk(options_, epoch, lane).group_count();
}

std::size_t LaneSampler::group_of(std::size_t epoch, std::size_t lane, std::size_t position) const {
  require(position < lane_samples(lane), "LaneSampler: position out of range");
  return LaneWalk(options_, epoch, lane).group_of(position);
}

LaneSampler::Group LaneSampler::group(std::size_t epoch, std::size_t lane,
                                      std::size_t index) const {
  require(index < group_count(epoch, lane), "LaneSampler: group out of range");
  const LaneWalk walk(options_, epoch, lane);
  const LaneWalk::Stretch stretch = walk.stretch(index);
  Group group{walk.first_position(stretch), stretch.end - stretch.begin, {}};
  for (std::size_t slot = stretch.first_slot; slot < stretch.last_slot; ++slot)
    group.chunks.push_back(walk.stream().chunk_of(slot));
  return group;
}

std::vector<std::uint64_t> LaneSampler::group_samples(std::size_t epoch, std::size_t lane,
                                                      std::size_t index) const {
  const std::vector<std::uint64_t> chunks = group(epoch, lane, index).chunks;
  const LaneWalk walk(options_, epoch, lane);
  const EpochStream& stream = walk.stream();
  const LaneWalk::Stretch stretch = walk.stretch(index);
  std::vector<std::uint64_t> samples(stretch.end - stretch.begin);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::size_t position = shuffled(walk, stretch, i);
    const std::size_t slot = stream.slot_of(position);
    samples[i] = chunks[slot - stretch.first_slot] * options_.chunk_samples +
                 (position - stream.begin_of(slot));
  }
  return samples;
}

double LaneSampler::mixing() const {
  const std::size_t step_samples =
      std::min({options_.samples, options_.lanes * options_.micro_batch, most_measured_samples});
  const std::size_t steps =
      std::min({steps_per_epoch(), most_measured_steps, most_measured_samples / step_samples});
  double chunks = 0;
  double chunks_if_uniform = 0;
  for (std::size_t i = 0; i < steps; ++i) {
    const std::size_t step = i * (steps_per_epoch() / steps);
    std::set<std::uint64_t> distinct;
    std::size_t count = 0;
    for (std::size_t lane = 0; lane < options_.lanes && count < step_samples; ++lane) {
      const auto [begin, lane_count] = interval(step, lane);
      for (std::size_t k = 0; k < lane_count && count < step_samples; ++k, ++count)
        distinct.insert(sample(0, lane, begin + k) / options_.chunk_samples);
    }
    chunks += static_cast<double>(distinct.size());
    chunks_if_uniform += uniform_chunks(options_, count);
  }
  return chunks / chunks_if_uniform;
}

}  // namespace rondo::data
