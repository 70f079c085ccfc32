// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "base/cuda/launch.cuh"

namespace rondo::cuda {

/// Calls `use(load(at), at)` for first, first + step, ... below `end`, in this order. The loads of
/// `batch` of them are under way before the first is used, at the end, too, and what use() stores
/// holds none of them up. For many 8-byte loads kernels ask for registers (__launch_bounds__ with
/// one block), as ptxas spreads loads among uses to keep more blocks resident.
template <int batch, class Load, class Use>
__device__ __forceinline__ void load_ahead(std::size_t first, std::size_t end, std::size_t step,
                                           Load load, Use use) {
  for (std::size_t at = first; at < end; at += batch * step) {
    decltype(load(at)) loaded[batch];
#pragma unroll
    for (int k = 0; k < batch; ++k) {
      const std::size_t other = at + k * step;
      loaded[k] = load(other < end ? other : at);  // its own again: no branch, no race
    }
#pragma unroll
    for (int k = 0; k < batch; ++k)
      if (at + k * step < end) use(loaded[k], at + k * step);
  }
}

}  // namespace rondo::cuda
