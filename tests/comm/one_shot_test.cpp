// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"
#include "rondo/comm/tuning.hpp"

#include "comm/algorithms/contributions.hpp"
#include "comm/inproc/inproc_world.hpp"
#include "comm/make_communicator.hpp"
#include "comm/one_shot_call.hpp"
#include "support/collective_checks.hpp"
#include "support/counting_transport.hpp"
#include "support/faulty_transport.hpp"
#include "support/run_task.hpp"

namespace rondo::comm {
namespace {

using algorithms::Contributions;
using testing::HasSubstr;

constexpr std::size_t room = 4096;

/// What rank `rank` shows: another length and other bytes than its neighbours.
std::vector<std::byte> shown_by(int rank) {
  return {static_cast<std::size_t>(rank * 5 % 7), static_cast<std::byte>(rank + 1)};
}

Task exchange_shown(Channel& channel) {
  std::vector<std::size_t> lengths;
  for (int rank = 0; rank < channel.size(); ++rank)
    lengths.push_back(shown_by(rank).size());
  Contributions all(channel, lengths);
  std::ranges::copy(shown_by(channel.rank()), all.own().begin());

  co_await exchange_calls(channel, {.sequence = 3}, all, room);

  for (int rank = 0; rank < channel.size(); ++rank)
    EXPECT_TRUE(std::ranges::equal(all.of(rank), shown_by(rank)))
        << "of rank " << rank << " on rank " << channel.rank() << " of " << channel.size();
}

TEST(ExchangeCalls, every_rank_gets_what_every_rank_shows) {
  for (int ranks = 1; ranks <= 16; ++ranks)
    run_ranks(ranks, [](Transport& transport) { test::run_task(transport, exchange_shown); });
}

TEST(ExchangeCalls, takes_as_many_messages_as_the_check_alone) {
  for (int ranks = 1; ranks <= 9; ++ranks) {
    run_ranks(ranks, [](Transport& transport) {
      test::CountingTransport counting(transport);
      test::run_task(counting, exchange_shown);
      const auto most_known = static_cast<unsigned>(transport.size() - 1);
      EXPECT_EQ(counting.messages_sent(), static_cast<std::size_t>(std::bit_width(most_known)));
    });
  }
}

/// A rank that shows something meets ranks that only compare, and all are told of it.
TEST(ExchangeCalls, ranks_that_show_nothing_learn_of_one_that_does) {
  for (int ranks = 2; ranks <= 9; ++ranks) {
    for (const int odd : {0, ranks - 1}) {
      run_ranks(ranks, [&](Transport& transport) {
        const auto compare = [&](Channel& channel) {
          return check_signature(channel, {.sequence = 8}, room);
        };
        try {
          if (transport.rank() == odd)
            test::run_task(transport, exchange_shown);
          else
            test::run_task(transport, compare);
          ADD_FAILURE() << "no error on rank " << transport.rank() << " of " << transport.size();
        } catch (const CommError& e) {
          EXPECT_THAT(e.what(), HasSubstr("rank " + std::to_string(odd) + " calls barrier (#3)"));
          EXPECT_THAT(e.what(), HasSubstr("calls barrier (#8)"));
        }
      });
    }
  }
}

/// Runs `body` on communicators over faulty transports; how many ranks ended in a CommError.
int failures(int ranks, const test::Faults& faults,
             const std::function<void(Communicator&)>& body) {
  InprocWorld world(ranks);
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(ranks));
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      test::Faults own = faults;
      own.seed = faults.seed * 64 + static_cast<std::uint64_t>(rank);
      const auto comm = make_communicator(
          std::make_unique<test::FaultyTransport>(world.transport(rank), own), {});
      try {
        body(*comm);
      } catch (const CommError&) {
        ++failed;
      }
      world.leave(rank);
    });
  }
  for (auto& thread : threads)
    thread.join();
  return failed;
}

void check_short_calls(Communicator& comm) {
  test::check_allreduce(comm, 9);
  test::check_reduce_scatter(comm, 3);
  test::check_allgather(comm, 5);
  test::check_broadcast(comm, 7);
  barrier(comm);
}

TEST(OneShotCall, delays_and_overtaking_change_no_result) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const int ranks = 2 + static_cast<int>(seed);
    EXPECT_EQ(failures(ranks, {.seed = seed, .delay = 0.3}, check_short_calls), 0)
        << "seed " << seed;
  }
}

TEST(OneShotCall, truncated_messages_and_closed_connections_end_every_rank_in_an_error) {
  const auto body = [](Communicator& comm) {
    for (int round = 0; round < 1000; ++round) {
      std::vector<float> data(9, 1.0F);
      allreduce(comm, std::span<float>(data), ReduceOp::sum);
      EXPECT_EQ(data, std::vector<float>(9, static_cast<float>(comm.size())));
    }
  };
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const int ranks = 2 + static_cast<int>(seed % 5);
    EXPECT_EQ(failures(ranks, {.seed = seed, .delay = 0.1, .truncate = 0.02}, body), ranks)
        << "seed " << seed;
    EXPECT_EQ(failures(ranks, {.seed = seed, .delay = 0.1, .close = 0.02}, body), ranks)
        << "seed " << seed;
  }
}

TEST(OneShotCall, a_call_that_asks_for_it_is_right_at_any_length) {
  run_ranks(3, [](Communicator& comm) {
    for (const std::size_t count : {std::size_t{8}, TransportTuning().one_shot_bytes}) {
      auto data = test::planted_data<float>(comm.rank(), count);
      allreduce(comm, std::span<float>(data), ReduceOp::avg, {.algorithm = Algorithm::one_shot});
      test::expect_reduction(data, ReduceOp::avg, 3, 0, "one_shot of " + std::to_string(count));
    }
  });
}

TEST(OneShotCall, does_not_need_the_output_to_be_the_input) {
  run_ranks(3, [](Communicator& comm) {
    const auto input = test::planted_data<float>(comm.rank(), 9);
    const auto kept = input;
    std::vector<float> output(9);
    comm.run({.collective = Collective::allreduce,
              .dtype = DType::f32,
              .input = std::as_bytes(std::span(input)),
              .output = std::as_writable_bytes(std::span(output))});
    test::expect_reduction(output, ReduceOp::sum, 3, 0, "out of place");
    EXPECT_EQ(input, kept);
  });
}

}  // namespace
}  // namespace rondo::comm
