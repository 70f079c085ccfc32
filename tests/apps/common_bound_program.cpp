// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Says on every rank where it, and a thread that it starts, may run; see common_binding_test.cpp.

#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include "rondo/comm/communicator.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"

namespace {

/// The processors of the calling thread, as the kernel lists them.
std::string allowed_processors() {
  const std::string key = "Cpus_allowed_list:\t";
  std::ifstream status("/proc/thread-self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key)) return line.substr(key.size());
  return "unknown";
}

}  // namespace

int main(int argc, char** argv) {
  using namespace rondo;
  apps::Options options("bound-program", "Says where it may run.");
  return apps::run_mpi(options, argc, argv, [](comm::Communicator& communicator) {
    std::string of_thread;
    std::thread([&] { of_thread = allowed_processors(); }).join();
    std::printf("rank %d on %s, its thread on %s: %s\n", communicator.rank(),
                allowed_processors().c_str(), of_thread.c_str(), apps::binding_text().c_str());
    return ExitCode::ok;
  });
}
