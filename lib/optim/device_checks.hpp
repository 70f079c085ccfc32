// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "rondo/optim/device_optimizer.hpp"

namespace rondo::optim {

/// How far pieces reach.
struct PieceBounds {
  std::size_t elements = 0;
  std::size_t held_elements = elements;
};

/// \throws UsageError  an arena that does not fit `rule` or the pieces, a verdict of more than one
/// element, or step 0
void require_valid(const Optimizer& rule, const PieceBounds& bounds, const DeviceArena& arena,
                   const StepContext& context,
                   DeviceSpan<const precision::GradientVerdict> verdict);

}  // namespace rondo::optim
