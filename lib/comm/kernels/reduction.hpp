// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "comm/kernels/reduce.hpp"

namespace rondo::comm {

/// What reduce_all() is called with, besides the types.
struct Reduction {
  int divisor;
  std::span<const std::byte* const> inputs;
  std::span<std::byte* const> outputs;
  std::size_t bytes;
  Stores stores;
};

}  // namespace rondo::comm
