// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include "rondo/precision/device_norm.hpp"

#include "base/host_device.hpp"

namespace rondo::precision {

/// In f64, as train::Session does it.
RONDO_HOST_DEVICE GradientVerdict judge(double squares, const Unscaling& unscaling) {
  const double norm = std::sqrt(squares) / unscaling.divisor;
  const double clip = norm > unscaling.clip_norm ? unscaling.clip_norm / norm : 1.0;
  return {.squares = squares,
          .norm = norm,
          .scale = static_cast<float>(clip / unscaling.divisor),
          .finite = std::isfinite(norm) ? 1U : 0U};
}

}  // namespace rondo::precision
