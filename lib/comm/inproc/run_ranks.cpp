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

/// The exception that was thrown first: the others' errors are only its echo.
class FirstError {
 public:
  /// Of the exception that is being handled.
  void keep() {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr error_;
};

/// Runs `body(rank, first)` on a thread each; a rank leaves `world` when its body ends.
void run_threads(InprocWorld& world, const std::function<void(int, FirstError&)>& body) {
  FirstError first;
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(world.size()));
  for (int rank = 0; rank < world.size(); ++rank) {
    threads.emplace_back([&, rank] {
      try {
        body(rank, first);
      } catch (...) {
        first.keep();
      }
      world.leave(rank);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  first.rethrow();
}

}  // namespace

void run_ranks(int ranks, const std::function<void(Communicator&)>& body,
               CommunicatorOptions options, int ranks_per_node) {
  InprocWorld world(ranks, ranks_per_node);
  run_threads(world, [&](int rank, FirstError& first) {
    CommunicatorOptions own_options = options;
    auto transport = world.transport(rank);
    if (!options.tuning) own_options.tuning = agreed_tuning(*transport, options.time_limit);
    const auto comm = make_communicator(std::move(transport), own_options);
    try {
      body(*comm);
    } catch (...) {
      first.keep();  // before the communicator's end tells the others
      throw;
    }
  });
}

void run_ranks(int ranks, const std::function<void(Transport&)>& body) {
  InprocWorld world(ranks);
  run_threads(world, [&](int rank, FirstError&) {
    const auto transport = world.transport(rank);
    body(*transport);
  });
}

}  // namespace rondo::comm
