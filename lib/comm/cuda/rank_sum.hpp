// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "rondo/base/device_stream.hpp"
#include "rondo/base/dtype.hpp"

#include "base/host_device.hpp"
namespace rondo::comm::cuda {

/// The values of all ranks, to be added in their order. The others' lie one after another, from
/// `received` on, `stride` bytes apart.
struct RankSum {
  const std::byte* own = nullptr;
  const std::byte* received = nullptr;
  std::size_t stride = 0;
  int rank = 0;  ///< whose are `own`
  int ranks = 1;
  std::byte* output = nullptr;  ///< may be `own`

  RONDO_HOST_DEVICE const std::byte* values_of(int peer) const {
    if (peer == rank) return own;
    return received + static_cast<std::size_t>(peer < rank ? peer : peer - 1) * stride;
  }
};

/// Queues the sum of `count` elements of f64, f32, f16 or bf16: the bits of reduce_all() in
/// comm/kernels/reduce.hpp, but for the sign and payload of a NaN. f16 and bf16 are added in f32
/// and rounded once.
void add_ranks(DeviceStream& stream, const RankSum& sum, DType dtype, std::size_t count);

}  // namespace rondo::comm::cuda
