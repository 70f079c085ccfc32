// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "support/collective_checks.hpp"
#include "support/faulty_transport.hpp"
#include "support/mismatch_checks.hpp"
#include "support/run_on_nodes.hpp"

/// What goes wrong on one rank of a node, or between nodes, while others are in the call too.
namespace rondo::comm {
namespace {

using std::chrono::milliseconds;
using test::by_nodes;
using test::Faults;
using test::FaultyTransport;
using test::run_on_nodes;

const std::vector<int> two_pairs{0, 0, 1, 1};

/// Every collective with results that are checked, again and again, until one fails.
void call_until_an_error(Communicator& comm) {
  while (true) {
    test::check_broadcast(comm, 30'011, by_nodes);
    test::check_allgather(comm, 5'003, by_nodes);
    test::check_reduce_scatter(comm, 101, by_nodes);
    auto data = test::planted_data<float>(comm.rank(), 30'011);
    allreduce(comm, std::span<float>(data), ReduceOp::sum, by_nodes);
    test::expect_reduction(data, ReduceOp::sum, comm.size(), 0, "allreduce");
  }
}

/// Runs two pairs of ranks until all have failed, and expects that within some deadlines.
void expect_errors_on_all_ranks(const std::function<Faults(int)>& faults) {
  std::atomic<int> errors = 0;
  const auto start = std::chrono::steady_clock::now();
  run_on_nodes(
      two_pairs,
      [&](Communicator& comm) {
        EXPECT_THROW(call_until_an_error(comm), CommError);
        ++errors;
      },
      {.time_limit = milliseconds(1000)},
      [&](std::unique_ptr<Transport> transport) {
        const int rank = transport->rank();
        return std::make_unique<FaultyTransport>(std::move(transport), faults(rank));
      });
  EXPECT_EQ(errors, 4);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(120));
}

TEST(HierarchicalFaults, delays_change_no_result) {
  run_on_nodes(
      two_pairs,
      [](Communicator& comm) {
        test::check_allreduce(comm, 101, by_nodes);
        test::check_reduce_scatter(comm, 101, by_nodes);
        test::check_allgather(comm, 5'003, by_nodes);
        test::check_broadcast(comm, 5'003, by_nodes);
      },
      {.time_limit = std::chrono::seconds(30)},
      [](std::unique_ptr<Transport> transport) {
        const auto seed = static_cast<std::uint64_t>(transport->rank());
        return std::make_unique<FaultyTransport>(std::move(transport),
                                                 Faults{.seed = seed, .delay = 0.05});
      });
}

TEST(HierarchicalFaults, a_rank_that_dies_in_a_call_ends_the_others) {
  for (const int sends : {40, 41, 43, 46, 50, 90, 150}) {
    expect_errors_on_all_ranks(
        [=](int rank) { return rank == 3 ? Faults{.sends_until_loss = sends} : Faults{}; });
  }
}

TEST(HierarchicalFaults, ranks_that_disagree_see_both_calls_and_keep_their_data) {
  for (const std::vector<int>& nodes : {two_pairs, std::vector{0, 1, 0, 1}}) {
    for (const auto& mismatch : test::mismatches())
      run_on_nodes(nodes, [&](Communicator& comm) { test::check_mismatch(comm, mismatch); });
  }
}

TEST(HierarchicalFaults, a_rank_that_leaves_between_calls_ends_the_others) {
  std::atomic<int> errors = 0;
  const auto body = [&](Communicator& comm) {
    barrier(comm);
    if (comm.rank() == 1) return;
    std::vector<float> data(100'003);
    EXPECT_THROW(broadcast(comm, std::span<float>(data), 2, by_nodes), CommError);
    ++errors;
  };
  run_on_nodes(two_pairs, body, {.time_limit = std::chrono::seconds(2)});
  EXPECT_EQ(errors, 3);
}

}  // namespace
}  // namespace rondo::comm
