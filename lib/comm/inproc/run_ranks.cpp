// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "rondo/comm/inproc.hpp"

#include "comm/agreed_tuning.hpp"
#include "comm/inproc/inproc_world.hpp"
#include "comm/make_communicator.hpp"

namespace rondo::comm {
namespace {

/// Runs `body(rank)` on a thread each; a rank leaves `world` when its body ends.
void run_threads(InprocWorld& world, const std::function<void(int)>& body) {
  std::mutex mutex;
  std::exception_ptr first;
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(world.size()));
  for (int rank = 0; rank < world.size(); ++rank) {
    threads.emplace_back([&, rank] {
      try {
        body(rank);
      } catch (...) {
        // Kept before the others learn of it: their errors are only its echo.
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
      }
      world.leave(rank);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  if (first) std::rethrow_exception(first);
}

}  // namespace

void run_ranks(int ranks, const std::function<void(Communicator&)>& body,
               CommunicatorOptions options, int ranks_per_node) {
  InprocWorld world(ranks, ranks_per_node);
  run_threads(world, [&](int rank) {
    CommunicatorOptions own_options = options;
    auto transport = world.transport(rank);
    if (!options.tuning) own_options.tuning = agreed_tuning(*transport, options.time_limit);
    const auto comm = make_communicator(std::move(transport), own_options);
    body(*comm);
  });
}

void run_ranks(int ranks, const std::function<void(Transport&)>& body) {
  InprocWorld world(ranks);
  run_threads(world, [&](int rank) {
    const auto transport = world.transport(rank);
    body(*transport);
  });
}

}  // namespace rondo::comm
