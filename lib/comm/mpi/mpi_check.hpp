// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/base/error.hpp"

namespace rondo::comm {

/// \throws CommError  `code` is not MPI_SUCCESS; names `call`, MPI's own message and the place
void check_mpi(int code, const char* call, Where where = Where::here());

}  // namespace rondo::comm
