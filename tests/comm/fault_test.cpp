// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"

#include "comm/inproc/inproc_world.hpp"
#include "comm/make_communicator.hpp"
#include "support/collective_checks.hpp"
#include "support/faulty_transport.hpp"

namespace rondo::comm {
namespace {

using std::chrono::milliseconds;
using test::Faults;
using test::FaultyTransport;
using testing::AllOf;
using testing::HasSubstr;

using Clock = std::chrono::steady_clock;

/// The CommError that `call` throws; an empty one, and a failure, if it throws none.
CommError error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const CommError& e) {
    return e;
  }
  ADD_FAILURE() << "no CommError";
  return CommError("");
}

/// Runs `body` on ranks with faulty transports; nobody leaves before all are through.
void run_faulty(int ranks, const std::function<Faults(int)>& faults, milliseconds time_limit,
                const std::function<void(Communicator&)>& body) {
  InprocWorld world(ranks);
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(ranks));
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      const auto comm =
          make_communicator(std::make_unique<FaultyTransport>(world.transport(rank), faults(rank)),
                            {.time_limit = time_limit});
      body(*comm);
    });
  }
  for (auto& thread : threads)
    thread.join();
}

TEST(PeerLoss, raises_the_first_error_and_does_not_hang) {
  for (const Progress progress : {Progress::caller, Progress::thread}) {
    const auto body = [](Communicator& comm) {
      if (comm.rank() == 1) throw ConfigError("rank 1 gives up");
      std::vector<double> data(9);
      allreduce(comm, std::span<double>(data), ReduceOp::sum);
    };
    EXPECT_THROW(run_ranks(3, body, {.time_limit = std::chrono::minutes(1), .progress = progress}),
                 ConfigError);
  }
}

TEST(PeerLoss, error_names_operation_bytes_rank_and_peer) {
  run_ranks(2, [](Communicator& comm) {
    barrier(comm);
    if (comm.rank() == 1) return;
    std::vector<float> data(1024);
    const auto error = error_of([&] { allreduce(comm, std::span<float>(data), ReduceOp::sum); });

    EXPECT_THAT(error.what(), AllOf(HasSubstr("allreduce f32 sum of 1024 elements (#1)"),
                                    HasSubstr("on rank 0 of 2"), HasSubstr("rank 1 has left")));
    EXPECT_EQ(error.code(), ExitCode::requeue);
  });
}

TEST(PeerLoss, communicator_is_dead_afterwards_and_says_why) {
  run_ranks(2, [](Communicator& comm) {
    if (comm.rank() == 1) return;
    std::vector<std::byte> data(8);
    const auto first = comm.broadcast(data, 1);
    const auto queued = comm.barrier();
    EXPECT_THROW(wait(comm, *first), CommError);

    EXPECT_TRUE(queued->done());
    EXPECT_THAT(error_of([&] { wait(comm, *queued); }).what(), HasSubstr("broadcast of 8 bytes"));
    EXPECT_THAT(error_of([&] { comm.barrier(); }).what(),
                AllOf(HasSubstr("barrier (#2)"), HasSubstr("broadcast of 8 bytes")));
  });
}

/// Short, but long enough for the ranks to agree on how they begin, which it bounds too.
constexpr milliseconds time_limit{1000};

TEST(Deadline, ends_the_wait_for_a_rank_that_never_comes) {
  for (const Progress progress : {Progress::caller, Progress::thread}) {
    std::atomic<bool> over = false;
    const auto body = [&](Communicator& comm) {
      while (comm.rank() == 1 && !over)
        std::this_thread::sleep_for(milliseconds(1));
      if (comm.rank() == 1) return;
      const auto start = Clock::now();
      const auto error = error_of([&] { barrier(comm); });
      const auto waited = Clock::now() - start;
      over = true;

      EXPECT_THAT(error.what(), HasSubstr("from rank 1 did not come in time"));
      EXPECT_GE(waited, time_limit);
      EXPECT_LT(waited, std::chrono::seconds(120));
    };
    run_ranks(2, body, {.time_limit = time_limit, .progress = progress});
  }
}

TEST(Deadline, destroying_unfinished_work_ends_in_time_and_does_not_throw) {
  std::atomic<bool> over = false;
  const auto body = [&](Communicator& comm) {
    while (comm.rank() == 1 && !over)
      std::this_thread::sleep_for(milliseconds(1));
    if (comm.rank() == 1) return;
    const auto start = Clock::now();
    comm.barrier().reset();
    EXPECT_LT(Clock::now() - start, std::chrono::seconds(120));
    over = true;
  };
  run_ranks(2, body, {.time_limit = time_limit});
}

TEST(FaultyTransport, delays_change_no_result) {
  const auto faults = [](int rank) {
    return Faults{.seed = static_cast<std::uint64_t>(rank), .delay = 0.05};
  };
  run_faulty(4, faults, std::chrono::seconds(30), [](Communicator& comm) {
    test::check_allreduce(comm, 101);
    test::check_allgather(comm, 33);
    test::check_broadcast(comm, 65);
  });
}

TEST(FaultyTransport, a_cut_link_ends_every_rank_in_an_error_and_never_in_a_wrong_result) {
  std::atomic<int> errors = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto faults = [&](int rank) {
      return Faults{.seed = seed * 8 + static_cast<std::uint64_t>(rank), .cut = 0.02};
    };
    run_faulty(3, faults, milliseconds(60), [&](Communicator& comm) {
      try {
        while (true) {
          auto data = test::planted_data<float>(comm.rank(), 100);
          allreduce(comm, std::span<float>(data), ReduceOp::sum);
          test::expect_reduction(data, ReduceOp::sum, 3, 0, "over a link that was cut");
        }
      } catch (const CommError&) {
        ++errors;
      }
    });
  }
  EXPECT_EQ(errors, 10 * 3);
}

TEST(FaultyTransport, lost_connection_ends_every_rank_with_an_error) {
  std::atomic<int> errors = 0;
  const auto faults = [](int rank) { return rank == 1 ? Faults{.sends_until_loss = 7} : Faults{}; };
  run_faulty(3, faults, milliseconds(200), [&](Communicator& comm) {
    std::vector<std::int32_t> data(100);
    try {
      while (true)
        allreduce(comm, std::span<std::int32_t>(data), ReduceOp::sum);
    } catch (const CommError&) {
      ++errors;
    }
  });
  EXPECT_EQ(errors, 3);
}

}  // namespace
}  // namespace rondo::comm
