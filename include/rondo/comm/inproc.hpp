// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

#include "rondo/comm/communicator.hpp"

namespace rondo::comm {

/// Runs `body` as `ranks` ranks, each a thread of this process, joined by memory instead of MPI.
/// For tests and for trying things out without mpirun.
///
/// Returns when all have ended. A rank that leaves, by return or exception, is lost to the others:
/// whoever waits for it gets a CommError at once. The exception that was thrown first, if any, is
/// rethrown; it must not refer to the body's locals. A bad RONDO_TUNING file is a ConfigError here.
/// Every `ranks_per_node` consecutive ranks form a node and share memory as processes of one node
/// do.
void run_ranks(int ranks, const std::function<void(Communicator&)>& body,
               CommunicatorOptions options = {.time_limit = std::chrono::seconds(30)},
               int ranks_per_node = 1);

/// The same on bare transports.
void run_ranks(int ranks, const std::function<void(Transport&)>& body);

}  // namespace rondo::comm
