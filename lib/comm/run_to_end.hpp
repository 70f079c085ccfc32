// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "base/backoff.hpp"
#include "comm/algorithms/channel.hpp"

namespace rondo::comm {

/// Runs the task that `make` returns, waiting in place. For what happens before and beside a
/// communicator's operations, on a tag of its own. \throws CommError  also when the deadline passes
inline void run_to_end(Transport& transport, int tag, Deadline deadline,
                       const std::function<Task(Channel&)>& make) {
  ScratchPool scratch;
  Runner runner;
  Channel channel(transport, scratch, tag, runner);
  try {
    runner.start(make(channel));
    Backoff backoff(transport.is_crowded());
    while (!runner.step()) {
      if (runner.advanced()) backoff.reset();
      backoff.pause();
      if (std::chrono::steady_clock::now() > deadline)
        throw CommError(fmt::format("{} did not come in time", runner.waiting_for()));
    }
  } catch (...) {  // whatever it is, MPI may still write
    transport.abandon();
    scratch.leak_from_now_on();
    throw;
  }
}

}  // namespace rondo::comm
