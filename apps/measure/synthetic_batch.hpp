// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "rondo/base/aligned_buffer.hpp"

namespace rondo::bench {

/// A lane's images and labels, drawn once: a function of the lane, the same on any rank.
struct SyntheticBatch {
  AlignedBuffer<float> images;
  AlignedBuffer<std::int32_t> labels;
};

SyntheticBatch make_batch(std::size_t lane, std::size_t count, std::size_t image_elements,
                          std::size_t classes);

}  // namespace rondo::bench
