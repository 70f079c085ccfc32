// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/lane_sampler.hpp"

#include <algorithm>
#include <limits>

#include "rondo/base/error.hpp"
#include "rondo/base/philox.hpp"

namespace rondo::data {

LaneSampler::LaneSampler(std::uint64_t seed, std::size_t samples, std::size_t lanes,
                         std::size_t micro_batch)
    : seed_(seed), samples_(samples), lanes_(lanes), micro_batch_(micro_batch) {
  require(samples > 0 && lanes > 0 && micro_batch > 0,
          "LaneSampler: samples, lanes and micro-batch must be above 0");
  require(lanes <= std::numeric_limits<std::size_t>::max() / micro_batch,
          "LaneSampler: lanes * micro-batch is out of range");
}

std::size_t LaneSampler::steps_per_epoch() const noexcept {
  return (samples_ - 1) / (lanes_ * micro_batch_) + 1;
}

LaneSampler::Interval LaneSampler::interval(std::size_t step, std::size_t lane) const {
  require(step < steps_per_epoch() && lane < lanes_, "LaneSampler: step or lane out of range");
  const std::size_t step_begin = step * lanes_ * micro_batch_;
  const std::size_t step_samples = std::min(lanes_ * micro_batch_, samples_ - step_begin);
  const std::size_t share = step_samples / lanes_;
  const std::size_t lanes_with_one_more = step_samples % lanes_;
  return {step_begin + lane * share + std::min(lane, lanes_with_one_more),
          share + (lane < lanes_with_one_more ? 1 : 0)};
}

std::vector<std::uint64_t> LaneSampler::samples(std::size_t epoch, std::size_t step,
                                                std::size_t lane) const {
  const auto [begin, count] = interval(step, lane);
  std::vector<std::uint64_t> samples(count);
  for (std::size_t i = 0; i < count; ++i)
    samples[i] = permuted(seed_, static_cast<std::uint32_t>(epoch), samples_, begin + i);
  return samples;
}

}  // namespace rondo::data
