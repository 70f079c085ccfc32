// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace rondo::grad {

/// How the lanes' gradients are summed.
enum class Reduction : std::uint8_t {
  fast,   ///< each rank's lanes in place, then the fastest order over the ranks
  fixed,  ///< one tree over the lanes: the same bits on any number of ranks (lib/README.md)
};

constexpr std::string_view name_of(Reduction reduction) {
  return reduction == Reduction::fast ? "fast" : "fixed";
}

}  // namespace rondo::grad
