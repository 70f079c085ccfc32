// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/dropout_mask.hpp"

#include <algorithm>

#include "rondo/base/philox.hpp"

namespace rondo::nn {
namespace {

/// One stream for each layer, under a key that is drawn for the lane and step: together they are
/// more than a counter holds.
Philox stream_of(const DropoutKey& key, std::size_t layer) {
  const auto bits = Philox(key.seed, RandomPurpose::dropout, static_cast<std::uint32_t>(key.lane))
                        .block(key.step);
  return {std::uint64_t{bits[0]} | std::uint64_t{bits[1]} << 32, RandomPurpose::dropout,
          static_cast<std::uint32_t>(layer)};
}

}  // namespace

void draw_dropout_mask(const DropoutKey& key, std::size_t layer, float probability,
                       std::span<float> mask) {
  const Philox random = stream_of(key, layer);
  const float kept = 1.0F / (1.0F - probability);
  for (std::size_t begin = 0; begin < mask.size(); begin += 4) {
    const Philox::Block bits = random.block(begin / 4);
    const auto part = mask.subspan(begin, std::min<std::size_t>(4, mask.size() - begin));
    std::transform(part.begin(), part.end(), bits.begin(), part.begin(),
                   [=](float, std::uint32_t word) {
                     return Philox::uniform(word) < probability ? 0.0F : kept;
                   });
  }
}

}  // namespace rondo::nn
