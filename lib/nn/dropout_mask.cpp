// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/dropout_mask.hpp"

#include <algorithm>

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

DropoutMask::DropoutMask(const DropoutKey& key, std::size_t layer, float probability)
    : random_(stream_of(key, layer)),
      probability_(probability),
      kept_(1.0F / (1.0F - probability)) {}

void draw_dropout_mask(const DropoutKey& key, std::size_t layer, float probability,
                       std::span<float> mask) {
  const DropoutMask factors(key, layer, probability);
  for (std::size_t begin = 0; begin < mask.size(); begin += 4) {
    const auto quad = factors.quad(begin / 4);
    std::copy_n(quad.begin(), std::min<std::size_t>(4, mask.size() - begin),
                mask.subspan(begin).begin());
  }
}

}  // namespace rondo::nn
