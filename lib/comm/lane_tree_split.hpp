// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>

#include "rondo/comm/lane_tree.hpp"

namespace rondo::comm {

/// Where a node of at least two lanes divides into its children.
inline std::size_t split_of(LaneRange node) {
  return node.begin + std::bit_floor(node.end - node.begin - 1);
}

}  // namespace rondo::comm
