// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "rondo/nn/network.hpp"

namespace rondo::nn::cpu {

/// Softmax cross-entropy of `logits` (N, classes), row by row, with the row's maximum subtracted.
/// Writes d(sum of weight * loss) * loss_scale / d(logits) to `diff` unless it is empty.
BatchSums softmax_cross_entropy(std::span<const float> logits, const Batch& batch, float loss_scale,
                                std::span<float> diff);

}  // namespace rondo::nn::cpu
