// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"

#include "comm/outstanding.hpp"
#include "support/in_flight_checks.hpp"
#include "support/split_checks.hpp"

namespace rondo::comm {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(InFlight, operations_agree_however_ranks_wait_for_them) {
  for (const Progress progress : {Progress::caller, Progress::thread}) {
    for (const int ranks : {1, 2, 3, 5})
      run_ranks(ranks, test::check_in_flight_in_all_ways, {.progress = progress});
  }
}

TEST(InFlight, one_call_of_progress_completes_all_that_needs_no_waiting) {
  run_ranks(1, [](Communicator& comm) {
    std::vector<float> data(10);
    const auto first =
        comm.allreduce(std::as_writable_bytes(std::span(data)), DType::f32, ReduceOp::sum);
    const auto second = comm.barrier();

    comm.progress();

    EXPECT_NO_THROW(second->wait(std::chrono::steady_clock::time_point{}));
    EXPECT_NO_THROW(first->wait(std::chrono::steady_clock::time_point{}));
  });
}

/// The sleeps so far of this process's threads, without these.
long sleeps_of_others(std::span<const pid_t> threads) {
  long sleeps = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (std::ranges::count(threads, std::stoi(task.path().filename())) > 0) continue;
    std::ifstream status(task.path() / "status");
    for (std::string name, value; std::getline(status, name, ':') && std::getline(status, value);)
      if (name == "voluntary_ctxt_switches") sleeps += std::stol(value);
  }
  return sleeps;
}

TEST(Progress, thread_sleeps_on_while_a_caller_waits) {
  std::array<pid_t, 2> ranks{};
  const auto body = [&](Communicator& comm) {
    ranks.at(static_cast<std::size_t>(comm.rank())) = gettid();
    std::vector<float> data(10);
    const auto sum = [&] {
      return comm.allreduce(std::as_writable_bytes(std::span(data)), DType::f32, ReduceOp::sum);
    };
    wait(comm, *sum());  // both threads run now
    if (comm.rank() == 1) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      wait(comm, *sum());
    } else {
      const long before = sleeps_of_others(ranks);
      wait(comm, *sum());
      // The caller polls thousands of times meanwhile.
      EXPECT_LT(sleeps_of_others(ranks) - before, 200);
    }
    barrier(comm);
  };
  run_ranks(2, body, {.progress = Progress::thread});
}

TEST(Split, makes_groups_by_color_key_and_node) {
  for (const int ranks : {1, 2, 3, 6}) {
    for (const int ranks_per_node : {1, 2, 6})
      run_ranks(ranks, test::check_splits, {.time_limit = std::chrono::seconds(30)},
                ranks_per_node);
  }
}

TEST(Split, parts_fail_alone) {
  run_ranks(4, [](Communicator& comm) {
    const auto part = comm.split(comm.rank() / 2, 0);
    std::vector<float> data(comm.rank() == 0 ? 3 : 4);
    if (comm.rank() < 2)
      EXPECT_THROW(allreduce(*part, std::span<float>(data), ReduceOp::sum), CommError);
    else
      EXPECT_NO_THROW(allreduce(*part, std::span<float>(data), ReduceOp::sum));
    EXPECT_EQ(test::gathered(comm, comm.rank()), (std::vector<int>{0, 1, 2, 3}));
  });
}

/// What the wait of rank 0 for ranks that make no call ends with.
std::string late_error(int ranks, const std::function<std::unique_ptr<Work>(Communicator&)>& call) {
  std::string text;
  const auto body = [&](Communicator& comm) {
    const auto done = comm.split(0, 0);  // the others live until rank 0 is through
    if (comm.rank() == 0) {
      const auto work = call(comm);
      try {
        work->wait(std::chrono::steady_clock::now() + std::chrono::milliseconds(50));
      } catch (const CommError& e) {
        EXPECT_EQ(e.code(), ExitCode::requeue);
        text = e.what();
      }
    }
    barrier(*done);
  };
  run_ranks(ranks, body);
  return text;
}

TEST(Deadline, names_operation_number_bytes_and_every_peer_outstanding) {
  std::vector<float> data(6000);
  const auto allreduce_after_barrier = [&](Communicator& comm) {
    return comm.allreduce(std::as_writable_bytes(std::span(data)), DType::f32, ReduceOp::sum);
  };
  EXPECT_THAT(
      late_error(4, allreduce_after_barrier),
      AllOf(HasSubstr("allreduce f32 sum of 6000 elements (#1) failed on rank 0 of 4"),
            HasSubstr("a call of 24000 bytes; outstanding: "), HasSubstr("from rank 1"),
            HasSubstr("up to"), HasSubstr("from rank 2"), HasSubstr("did not come in time")));
}

TEST(Outstanding, adds_up_the_messages_of_each_peer) {
  using enum Outstanding::Direction;
  Outstanding outstanding;
  EXPECT_EQ(outstanding.describe(), "");
  outstanding.add(to, 2, {40});
  outstanding.add(from, 1, {56});
  outstanding.add(to, 2, {2});
  EXPECT_EQ(outstanding.describe(),
            "56 bytes from rank 1, 2 messages of 42 bytes in all to rank 2");

  for (int peer = 0; peer < 20; ++peer)
    outstanding.add(from, peer, {1});
  EXPECT_THAT(outstanding.describe(), AllOf(HasSubstr("rank 15 and 5 more"), Not(HasSubstr("to"))));
}

}  // namespace
}  // namespace rondo::comm
