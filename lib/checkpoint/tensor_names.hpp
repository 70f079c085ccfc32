// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "rondo/checkpoint/checkpoint.hpp"

namespace rondo::checkpoint {

/// A name is a path of ordinary parts, and no tensor lies inside of another. \throws UsageError
void require_usable_names(std::span<const TensorSpec> tensors);

}  // namespace rondo::checkpoint
