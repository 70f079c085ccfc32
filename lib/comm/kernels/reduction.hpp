// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "comm/kernels/reduce.hpp"

namespace rondo::comm {

/// What reduce_all() and add_along_tree() are called with, besides the types.
struct Reduction {
  int divisor;
  std::span<const std::byte* const> inputs;
  std::span<std::byte* const> outputs;
  std::size_t bytes;
  Stores stores;
  std::span<const std::uint8_t> merges = {};  ///< by input, of add_along_tree()
};

}  // namespace rondo::comm
