// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "rondo/comm/inproc.hpp"

#include "support/collective_checks.hpp"

namespace rondo::comm {
namespace {

class Ranks : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(one_to_nine, Ranks, testing::Range(1, 10));

TEST_P(Ranks, collectives_equal_the_oracle) {
  run_ranks(GetParam(), test::check_all_collectives);
}

TEST_P(Ranks, collectives_equal_the_oracle_with_a_progress_thread) {
  if (GetParam() > 4) GTEST_SKIP() << "twice as many threads add nothing here";
  run_ranks(GetParam(), test::check_all_collectives,
            {.time_limit = std::chrono::seconds(30), .progress = Progress::thread});
}

TEST_P(Ranks, sums_of_rounded_numbers_have_the_same_bits_on_all_ranks) {
  std::vector<std::vector<float>> results(static_cast<std::size_t>(GetParam()));
  run_ranks(GetParam(), [&](Communicator& comm) {
    std::vector<float> data(1001);
    for (std::size_t i = 0; i < data.size(); ++i)
      data[i] = 1.0F / static_cast<float>(1 + i + 7 * static_cast<std::size_t>(comm.rank()));
    allreduce(comm, std::span<float>(data), ReduceOp::avg);
    results[static_cast<std::size_t>(comm.rank())] = data;
  });
  for (const auto& result : results)
    EXPECT_EQ(result, results[0]);
}

TEST_P(Ranks, barrier_ends_when_the_last_rank_has_come) {
  std::atomic<int> entered = 0;
  run_ranks(GetParam(), [&](Communicator& comm) {
    for (int round = 1; round <= 20; ++round) {
      ++entered;
      barrier(comm);
      EXPECT_GE(entered, round * comm.size());
      barrier(comm);
    }
  });
}

TEST(Communicator, keeps_several_operations_in_flight) {
  for (const Progress progress : {Progress::caller, Progress::thread}) {
    run_ranks(3,
              [](Communicator& comm) {
                std::vector<std::int64_t> first(10, 1);
                std::vector<std::int64_t> second(1000, comm.rank());
                auto one = comm.allreduce(std::as_writable_bytes(std::span(first)), DType::i64,
                                          ReduceOp::sum);
                auto two = comm.allreduce(std::as_writable_bytes(std::span(second)), DType::i64,
                                          ReduceOp::max);
                wait(comm, *two);
                EXPECT_TRUE(one->done());
                wait(comm, *one);
                wait(comm, *one);

                EXPECT_EQ(first, std::vector<std::int64_t>(10, 3));
                EXPECT_EQ(second, std::vector<std::int64_t>(1000, 2));
              },
              {.progress = progress});
  }
}

TEST(Communicator, progress_thread_completes_operations_by_itself) {
  run_ranks(2,
            [](Communicator& comm) {
              int value = 1;
              const auto work = comm.allreduce(std::as_writable_bytes(std::span(&value, 1)),
                                               DType::i32, ReduceOp::sum);
              while (!work->done())
                std::this_thread::yield();
              EXPECT_EQ(value, 2);
            },
            {.progress = Progress::thread});
}

TEST(Communicator, unfinished_work_is_completed_when_destroyed) {
  run_ranks(2, [](Communicator& comm) {
    int value = 1;
    comm.allreduce(std::as_writable_bytes(std::span(&value, 1)), DType::i32, ReduceOp::sum);
    EXPECT_EQ(value, 2);
  });
}

TEST(Communicator, refuses_lengths_and_roots_that_do_not_fit_before_sending) {
  run_ranks(2, [](Communicator& comm) {
    std::vector<std::byte> bytes(6);
    EXPECT_THROW(comm.allreduce(bytes, DType::f32, ReduceOp::sum), UsageError);
    EXPECT_THROW(comm.reduce_scatter(bytes, std::span(bytes).first(4), DType::u8, ReduceOp::sum),
                 UsageError);
    EXPECT_THROW(comm.allgather(bytes, bytes), UsageError);
    std::vector<std::byte> shared(3 * bytes.size());
    const auto overlapping = std::span(shared);
    EXPECT_THROW(
        comm.allreduce(overlapping.first(8), overlapping.subspan(4, 8), DType::f32, ReduceOp::sum),
        UsageError);
    EXPECT_THROW(
        comm.reduce_scatter(overlapping.first(8), overlapping.first(4), DType::f32, ReduceOp::sum),
        UsageError);
    EXPECT_THROW(comm.allgather(overlapping.first(4), overlapping.first(8)), UsageError);
    EXPECT_THROW(comm.broadcast(bytes, 2), UsageError);
    EXPECT_THROW(comm.broadcast(bytes, -1), UsageError);
    barrier(comm);
  });
}

}  // namespace
}  // namespace rondo::comm
