// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace rondo::grad {

/// What a rank keeps for its shards alone (Rajbhandari et al., "ZeRO: Memory Optimizations Toward
/// Training Trillion Parameter Models", SC 2020). With
/// Reduction::fixed the parameters are the same bits in all of them.
enum class Sharding : std::uint8_t {
  none,
  zero1,  ///< optimizer slots and reduced gradients
  zero2   ///< and gives a bucket's gradients back to the system as soon as they are reduced
};

constexpr std::string_view name_of(Sharding sharding) {
  switch (sharding) {
    case Sharding::none: return "none";
    case Sharding::zero1: return "zero1";
    case Sharding::zero2: return "zero2";
  }
  return "?";
}

}  // namespace rondo::grad
