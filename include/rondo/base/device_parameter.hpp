// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/base/device_span.hpp"
#include "rondo/base/float16.hpp"

namespace rondo {

/// A ParameterView in a GPU's memory.
struct DeviceParameterView {
  DeviceSpan<float> value = {};
  DeviceSpan<float> grad = {};
  /// The values rounded to bf16 after every step, for layers that compute so; or empty.
  DeviceSpan<const bfloat16> copy = {};
};

}  // namespace rondo
