// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/grad/compression.hpp"

namespace rondo::grad {

/// What this rank's gradients lost and will add to the next ones; laid out as the arena.
class Residual {
 public:
  /// For `parameters` only; elements elsewhere exist but are no state.
  explicit Residual(std::span<const PlacedParameter> parameters);

  std::span<float> part(std::size_t begin, std::size_t count) noexcept {
    return values_.span().subspan(begin, count);
  }
  /// "residual/NAME" for every parameter.
  std::vector<StateTensor> state();

 private:
  std::vector<PlacedParameter> parameters_;
  AlignedBuffer<float> values_;
};

}  // namespace rondo::grad
