// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "rondo/base/float16.hpp"
#include "rondo/base/philox.hpp"

#include "base/host_device.hpp"

/// What round_to_copy() does at random, for single elements: what a thread of the GPU does.
namespace rondo::precision {

inline constexpr std::uint64_t numbers_per_block = 8;

/// The block that element `element` of the arena draws from, with those beside it.
RONDO_HOST_DEVICE Philox::Block rounding_block(std::uint64_t seed, std::uint64_t step,
                                               std::uint64_t element) {
  return Philox(seed, RandomPurpose::rounding, static_cast<std::uint32_t>(step))
      .block(element / numbers_per_block);
}

RONDO_HOST_DEVICE bfloat16 round_at_random(float value, const Philox::Block& block,
                                           std::uint64_t element) {
  const auto number = static_cast<std::size_t>(element % numbers_per_block);
  const std::uint32_t random = (block[number / 2] >> (number % 2 * 16)) & 0xFFFFU;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const bool is_nan = (bits & 0x7FFFFFFFU) > 0x7F800000U;
  const std::uint32_t rounded = is_nan ? bits | 0x00400000U : bits + random;
  return bfloat16::from_bits(static_cast<std::uint16_t>(rounded >> 16));
}

}  // namespace rondo::precision
