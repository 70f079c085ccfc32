// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Sums for ever, with little patience for a lost peer; see the case "ends-after-a-cut" of `check`.

#include <chrono>
#include <span>
#include <vector>

#include "rondo/comm/communicator.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"

int main(int argc, char** argv) {
  namespace apps = rondo::apps;
  namespace comm = rondo::comm;
  apps::Options options("endless-allreduce", "Sums for ever.");
  const auto sum_for_ever = [](comm::Communicator& communicator) -> rondo::ExitCode {
    std::vector<float> data(100'000);
    for (;;)
      comm::allreduce(communicator, std::span(data), comm::ReduceOp::sum);
  };
  return apps::run_mpi(options, argc, argv, sum_for_ever, [] {
    return comm::CommunicatorOptions{.time_limit = std::chrono::seconds(2)};
  });
}
