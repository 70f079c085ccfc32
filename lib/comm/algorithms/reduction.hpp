// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/base/dtype.hpp"
#include "rondo/comm/call.hpp"

namespace rondo::comm::algorithms {

/// What a collective does with the elements of all ranks, and how they travel.
struct Reduction {
  DType dtype = DType::u8;
  ReduceOp op = ReduceOp::sum;
  Wire wire = Wire::exact;  ///< others for f32 only
};

}  // namespace rondo::comm::algorithms
