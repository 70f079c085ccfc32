// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>

#include "rondo/optim/optimizer.hpp"
#include "rondo/precision/rounding.hpp"

namespace rondo::optim {

/// Elements that are worked on at once: so few that what was written is in the L1 cache still.
inline constexpr std::size_t block_count = 1024;

/// Calls `visit(begin, count)` for block after block of `total` elements.
template <class Visit>
void for_each_block(std::size_t total, Visit visit) {
  for (std::size_t begin = 0; begin < total; begin += block_count)
    visit(begin, std::min(block_count, total - begin));
}

/// Rounds the values of a block to the copy, if there is one.
inline void round_block(const UpdateRange& range, const StepContext& context, std::size_t begin,
                        std::size_t count) {
  if (range.copy.empty()) return;
  precision::round_to_copy(range.value.subspan(begin, count), range.copy.subspan(begin, count),
                           {context.rounding_seed, context.step, range.first + begin});
}

/// Calls `kernel(streams)` for block after block of the streams, which are as long as the range,
/// and rounds the new values of each to the copy.
template <class AnyStreams, class Kernel>
void update_blocks(const UpdateRange& range, const StepContext& context, const AnyStreams& streams,
                   Kernel kernel) {
  for_each_block(range.value.size(), [&](std::size_t begin, std::size_t count) {
    kernel(streams.part(begin, count));
    round_block(range, context, begin, count);
  });
}

}  // namespace rondo::optim
