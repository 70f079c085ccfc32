// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mpi.h>

#include "rondo/base/dtype.hpp"
#include "rondo/comm/call.hpp"

namespace rondo::bench {

/// What a program has to give MPI_Op_create() so that MPI reduces f16 or bf16: a plain loop that
/// computes in float, with the conversions and instructions of this machine. sum, min and max.
MPI_User_function* half_operation(DType dtype, comm::ReduceOp op);

}  // namespace rondo::bench
