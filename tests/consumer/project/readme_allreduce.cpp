// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <span>

#include "rondo/comm/communicator.hpp"
#include "rondo/comm/mpi_world.hpp"

/// The README's sum of gradients that are all 1: prints the number of ranks.
int main() {
  const rondo::comm::MpiWorld mpi;
  const auto comm = rondo::comm::make_mpi_communicator();
  const std::size_t count = 10'000;
#include "readme_allreduce.inc"
  const auto [least, most] = std::ranges::minmax(gradients);
  if (is_root(*comm) && least == most) std::printf("%.0f\n", most);
}
