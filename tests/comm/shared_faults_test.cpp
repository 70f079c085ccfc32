// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "comm/inproc/inproc_world.hpp"
#include "comm/make_communicator.hpp"
#include "comm/shared_ranks.hpp"
#include "support/counting_transport.hpp"
#include "support/mismatch_checks.hpp"

/// Ranks of a node that disagree, leave, or never come.
namespace rondo::comm {
namespace {

using testing::HasSubstr;

TEST(SharedMemory, ranks_that_disagree_see_both_calls_and_keep_their_data) {
  for (const auto& mismatch : test::mismatches())
    run_node(2, [&](Communicator& comm) { test::check_mismatch(comm, mismatch); });
}

TEST(SharedMemory, allocating_against_another_call_is_a_disagreement) {
  for (const int ranks_per_node : {2, 4}) {
    const auto body = [](Communicator& comm) {
      std::vector<float> data(100'000, 1);
      try {
        if (comm.rank() == 0)
          comm.allocate(100);
        else
          allreduce(comm, std::span<float>(data), ReduceOp::sum);
        ADD_FAILURE() << "no error";
      } catch (const CommError& e) {
        EXPECT_EQ(e.code(), ExitCode::internal) << e.what();
        EXPECT_THAT(e.what(), HasSubstr("'allocate'"));
        EXPECT_THAT(e.what(), HasSubstr("allreduce f32 sum of 100000"));
      }
      EXPECT_EQ(data, std::vector<float>(100'000, 1));
    };
    run_ranks(4, body, patient, ranks_per_node);
  }
}

TEST(SharedMemory, a_broadcast_out_of_place_is_refused_before_it_starts) {
  run_node(2, [](Communicator& comm) {
    std::vector<std::byte> data(8);
    EXPECT_THROW(comm.run({.collective = Collective::broadcast, .output = data}), UsageError);
    EXPECT_THROW(comm.allreduce(data, DType::u8, static_cast<ReduceOp>(9)), UsageError);
    barrier(comm);
  });
}

TEST(SharedMemory, a_rank_that_leaves_is_named_at_once) {
  for (const std::size_t count : {1UL, 100'000UL}) {
    run_node(3, [&](Communicator& comm) {
      barrier(comm);
      if (comm.rank() == 2) return;
      std::vector<float> data(count);
      try {
        allreduce(comm, std::span<float>(data), ReduceOp::sum);
        ADD_FAILURE() << "no error";
      } catch (const CommError& e) {
        EXPECT_EQ(e.code(), ExitCode::requeue);
        EXPECT_THAT(e.what(), HasSubstr("allreduce f32 sum of"));
        EXPECT_THAT(e.what(), HasSubstr("rank "));
      }
      EXPECT_THROW(barrier(comm), CommError);
    });
  }
}

TEST(SharedMemory, deadline_ends_the_wait_for_a_rank_that_never_comes) {
  for (const std::size_t count : {1UL, 100'000UL}) {
    std::atomic<bool> over = false;
    const auto body = [&](Communicator& comm) {
      while (comm.rank() == 1 && !over)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (comm.rank() == 1) return;
      std::vector<float> data(count);
      try {
        allreduce(comm, std::span<float>(data), ReduceOp::sum);
        ADD_FAILURE() << "no error";
      } catch (const CommError& e) {
        EXPECT_THAT(e.what(), HasSubstr("rank 1 on this node did not come in time"));
      }
      over = true;
    };
    run_node(2, body, {.time_limit = std::chrono::seconds(2)});
  }
}

TEST(SharedMemory, messages_are_looked_after_while_ranks_wait_in_it) {
  InprocWorld world(2, 2);
  const auto waits_for_looks = [&](const std::function<void(Communicator&)>& call) {
    const auto inner = world.transport(0);
    auto counting = std::make_unique<test::CountingTransport>(*inner);
    const auto& looks = counting->looks();
    std::thread late([&] {
      const auto comm = make_communicator(world.transport(1), patient);
      const int before = looks;
      while (looks < before + 3)
        std::this_thread::yield();
      call(*comm);
    });
    const auto comm = make_communicator(std::move(counting), patient);
    call(*comm);
    late.join();
  };

  waits_for_looks([](Communicator& comm) { barrier(comm); });
  waits_for_looks([](Communicator& comm) { wait(comm, *comm.barrier()); });
  waits_for_looks([](Communicator& comm) {
    std::vector<float> data(100'000);
    allreduce(comm, std::span<float>(data), ReduceOp::sum);
  });
}

}  // namespace
}  // namespace rondo::comm
