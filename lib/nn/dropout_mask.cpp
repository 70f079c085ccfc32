// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/dropout_mask.hpp"

#include <algorithm>

namespace rondo::nn {

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
