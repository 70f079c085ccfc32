// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <span>

#include "rondo/comm/communicator.hpp"
#include "rondo/comm/mpi_world.hpp"

/// Prints 1 + 2 + ... + ranks.
int main() {
  const rondo::comm::MpiWorld mpi;
  const auto comm = rondo::comm::make_mpi_communicator();
  auto sum = static_cast<float>(comm->rank() + 1);
  rondo::comm::allreduce(*comm, std::span(&sum, 1), rondo::comm::ReduceOp::sum);
  if (is_root(*comm)) std::cout << sum << '\n';
}
