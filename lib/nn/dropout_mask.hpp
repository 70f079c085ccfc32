// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "rondo/base/philox.hpp"

namespace rondo::nn {

/// Whose dropout it is: one lane's micro-batch in one step of a run.
struct DropoutKey {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::size_t lane = 0;
};

/// What each element of a layer's input is multiplied by: 0 with `probability`, else
/// 1 / (1 - probability). A pure function of the key, the layer and the element's number, in
/// (N, C, H, W) order.
class DropoutMask {
 public:
  constexpr DropoutMask(const DropoutKey& key, std::size_t layer, float probability) noexcept
      : random_(stream_of(key, layer)),
        probability_(probability),
        kept_(1.0F / (1.0F - probability)) {}

  /// Of the elements [4 i, 4 i + 4).
  constexpr std::array<float, 4> quad(std::uint64_t i) const noexcept {
    const Philox::Block bits = random_.block(i);
    return {factor(bits[0]), factor(bits[1]), factor(bits[2]), factor(bits[3])};
  }
  constexpr float operator[](std::size_t element) const noexcept {
    return factor(random_.block(element / 4)[element % 4]);
  }

 private:
  /// One stream for each layer, under a key that is drawn for the lane and step: together they are
  /// more than a counter holds.
  static constexpr Philox stream_of(const DropoutKey& key, std::size_t layer) noexcept {
    const auto bits = Philox(key.seed, RandomPurpose::dropout, static_cast<std::uint32_t>(key.lane))
                          .block(key.step);
    return {std::uint64_t{bits[0]} | std::uint64_t{bits[1]} << 32, RandomPurpose::dropout,
            static_cast<std::uint32_t>(layer)};
  }
  constexpr float factor(std::uint32_t bits) const noexcept {
    return Philox::uniform(bits) < probability_ ? 0.0F : kept_;
  }

  Philox random_;
  float probability_;
  float kept_;
};

/// Writes the mask of the first elements.
void draw_dropout_mask(const DropoutKey& key, std::size_t layer, float probability,
                       std::span<float> mask);

}  // namespace rondo::nn
