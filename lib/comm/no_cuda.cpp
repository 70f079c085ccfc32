// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/no_cuda.hpp"

#include "comm/cuda/rank_sum.hpp"
#include "comm/cuda/tree_sum.hpp"

// Nobody has a DeviceStream, so that this is never called.
void rondo::comm::cuda::add(DeviceStream& /*stream*/, const TreeSum& /*sum*/,
                            std::size_t /*count*/) {
  no_cuda();
}
void rondo::comm::cuda::add_ranks(DeviceStream& /*stream*/, const RankSum& /*sum*/, DType /*dtype*/,
                                  std::size_t /*count*/) {
  no_cuda();
}
