// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "rondo/optim/optimizer.hpp"

namespace rondo::optim {

/// \throws UsageError  unless the range has `slots` slots and all spans are of one length
void require_equal_lengths(const UpdateRange& range, std::size_t slots);

/// `gradient` within [-limit, limit]; NaN stays.
inline float clipped(float gradient, float limit) {
  return gradient > limit ? limit : gradient < -limit ? -limit : gradient;
}

/// Rounds the values to the copy, if there is one.
inline void store_copy(const UpdateRange& range) {
  for (std::size_t i = 0; i < range.copy.size(); ++i)
    range.copy[i] = bfloat16(range.value[i]);
}

/// \throws ConfigError  unless 0 <= value < limit; `what` names it, as in "sgd: momentum"
void require_below(float value, float limit, std::string_view what);

/// \throws ConfigError  unless value is finite and not negative
void require_non_negative(float value, std::string_view what);

}  // namespace rondo::optim
