// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include "base/host_device.hpp"
#include "optim/kernels/factored.hpp"
#include "optim/kernels/rules.hpp"

/// The rules on single floats: what a thread of the GPU does. With the bits of the vectors, but for
/// the sign and payload of a NaN.
namespace rondo::optim::kernel::scalar {

using Floats = float;

RONDO_HOST_DEVICE float all(float x) {
  return x;
}
RONDO_HOST_DEVICE float smaller(float a, float b) {
  return a < b ? a : b;
}
RONDO_HOST_DEVICE float larger(float a, float b) {
  return a > b ? a : b;
}
RONDO_HOST_DEVICE float square_root(float x) {
  return std::sqrt(x);
}
RONDO_HOST_DEVICE float sign(float x) {
  return x == 0.0F || x != x ? x : std::copysign(1.0F, x);
}

#include "optim/kernels/elements.inl"

}  // namespace rondo::optim::kernel::scalar
