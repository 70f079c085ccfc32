// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "rondo/optim/device_optimizer.hpp"

namespace rondo::optim {

/// \throws UsageError  an arena that does not fit `rule` or pieces that reach to `elements`, a
/// verdict of more than one element, or step 0
void require_valid(const Optimizer& rule, std::size_t elements, const DeviceArena& arena,
                   const StepContext& context,
                   DeviceSpan<const precision::GradientVerdict> verdict);

}  // namespace rondo::optim
