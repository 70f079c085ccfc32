// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "comm/inproc/inproc_world.hpp"
#include "comm/make_communicator.hpp"

namespace rondo::test {

inline constexpr comm::CallOptions by_nodes{.algorithm = comm::Algorithm::hierarchical};

using WrapTransport =
    std::function<std::unique_ptr<comm::Transport>(std::unique_ptr<comm::Transport>)>;

/// Runs `body` as ranks of which rank r is on node `nodes[r]`, each a thread. `wrap` makes the
/// transport that a rank uses out of the plain one. Nobody leaves before all are through.
inline void run_on_nodes(
    const std::vector<int>& nodes, const std::function<void(comm::Communicator&)>& body,
    comm::CommunicatorOptions options = {.time_limit = std::chrono::seconds(30)},
    const WrapTransport& wrap = {}) {
  comm::InprocWorld world(nodes);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < world.size(); ++rank) {
    threads.emplace_back([&, rank] {
      try {
        auto transport = world.transport(rank);
        if (wrap) transport = wrap(std::move(transport));
        body(*comm::make_communicator(std::move(transport), options));
      } catch (const std::exception& e) {
        ADD_FAILURE() << "rank " << rank << ": " << e.what();
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
}

}  // namespace rondo::test
