// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <stdexcept>

#include "base/backoff.hpp"
#include "comm/algorithms/channel.hpp"

namespace rondo::test {

/// Runs `algorithm(channel)` to its end on this rank, as a communicator would.
template <class Algorithm>
void run_task(comm::Transport& transport, Algorithm algorithm,
              std::chrono::milliseconds time_limit = std::chrono::seconds(30)) {
  const auto deadline = std::chrono::steady_clock::now() + time_limit;
  comm::ScratchPool scratch;
  comm::Runner runner;
  comm::Channel channel(transport, scratch, 7, runner);
  runner.start(algorithm(channel));
  Backoff backoff(transport.is_crowded());
  while (!runner.step()) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("no end in time: waits for " + runner.waiting_for());
    if (runner.advanced()) backoff.reset();
    backoff.pause();
  }
}

}  // namespace rondo::test
