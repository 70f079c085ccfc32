// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include "rondo/precision/squares.hpp"

namespace rondo::optim::kernel {

/// The memories that an element-wise rule goes through side by side, all `count` long.
template <std::size_t written_count, std::size_t read_count>
struct Streams {
  std::array<float*, written_count> written;  ///< read and then written
  std::array<const float*, read_count> read;
  std::size_t count;

  /// The elements [begin, begin + part_count).
  Streams part(std::size_t begin, std::size_t part_count) const {
    Streams result = *this;
    for (float*& stream : result.written)
      stream += begin;
    for (const float*& stream : result.read)
      stream += begin;
    result.count = part_count;
    return result;
  }
};

/// The squares that a measuring kernel adds to; its streams have a multiple of SquareSum::count
/// elements in all calls but the last.
struct MeasuredSums {
  precision::SquareSum value = {};
  precision::SquareSum direction = {};
};

}  // namespace rondo::optim::kernel
