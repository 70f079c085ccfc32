// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace rondo::grad {

/// Gives the memory behind `values` back to the system; it returns, filled with zeros, when they
/// are next touched. False if the system cannot do that here: nothing was changed then.
bool release_pages(std::span<float> values) noexcept;

}  // namespace rondo::grad
