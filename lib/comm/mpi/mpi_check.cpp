// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/mpi/mpi_check.hpp"

#include <array>

#include <fmt/format.h>
#include <mpi.h>

namespace rondo::comm {

void check_mpi(int code, const char* call, Where where) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw CommError(fmt::format("{} failed at {}:{}: {}", call, where.file, where.line, text.data()),
                  ExitCode::requeue, where);
}

}  // namespace rondo::comm
