// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rondo::nn {

/// Whose dropout it is: one lane's micro-batch in one step of a run.
struct DropoutKey {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::size_t lane = 0;
};

/// Writes what each element is multiplied by: 0 with `probability`, else 1 / (1 - probability). A
/// pure function of the key, the layer and the element's number, in (N, C, H, W) order.
void draw_dropout_mask(const DropoutKey& key, std::size_t layer, float probability,
                       std::span<float> mask);

}  // namespace rondo::nn
