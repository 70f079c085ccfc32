// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace rondo::nn::cpu {

/// Replaces every value by `float(half(value))`: to nearest even, 65520 and above to infinity.
/// The same as base's conversions, but without branches, so that compilers vectorise it.
void round_to_half(std::span<float> values);

}  // namespace rondo::nn::cpu
