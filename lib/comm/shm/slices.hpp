// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>

#include "rondo/base/aligned_buffer.hpp"

#include "comm/algorithms/blocks.hpp"

namespace rondo::comm {

/// Bytes of part `index` when `bytes` are cut between ranks at cache lines, so that no two of them
/// write to one line of an aligned buffer.
inline Cut slice_of(std::size_t bytes, int index, int parts) {
  const std::size_t lines = (bytes + cache_line_bytes - 1) / cache_line_bytes;
  const Cut cut = cut_of(lines, index, parts);
  return {std::min(cut.begin * cache_line_bytes, bytes),
          std::min(cut.end * cache_line_bytes, bytes)};
}

}  // namespace rondo::comm
