// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/tuning.hpp"

#include "comm/shared_ranks.hpp"
#include "support/collective_checks.hpp"
#include "support/in_flight_checks.hpp"
#include "support/mismatch_checks.hpp"
#include "support/run_on_nodes.hpp"

/// Several ranks on each of several nodes.
namespace rondo::comm {
namespace {

using test::by_nodes;
using test::expect_reduction;
using test::planted_data;
using test::run_on_nodes;

constexpr Collective moving[] = {Collective::allreduce, Collective::reduce_scatter,
                                 Collective::allgather, Collective::broadcast};

void check(Communicator& comm, Collective collective, std::size_t count, CallOptions options) {
  switch (collective) {
    case Collective::allreduce: return test::check_allreduce(comm, count, options);
    case Collective::reduce_scatter: return test::check_reduce_scatter(comm, count, options);
    case Collective::allgather: return test::check_allgather(comm, count, options);
    default: return test::check_broadcast(comm, count, options);
  }
}

/// By nodes where that fits, which is at least allreduce and broadcast.
CallOptions options_for(const Communicator& comm, Collective collective) {
  const bool has_slices =
      collective == Collective::allreduce || collective == Collective::broadcast;
  const bool fitting = fits(Algorithm::hierarchical, collective, comm.place());
  EXPECT_TRUE(fitting || !has_slices);
  return fitting ? by_nodes : CallOptions{};
}

/// By rank, its node: equal and unequal ones, and ranks that go round the nodes.
class Nodes : public testing::TestWithParam<std::vector<int>> {
 protected:
  static void run(const std::function<void(Communicator&)>& body) {
    run_on_nodes(GetParam(), body);
  }
};

INSTANTIATE_TEST_SUITE_P(
    shapes, Nodes,
    testing::Values(std::vector{0, 0, 1}, std::vector{0, 0, 1, 1}, std::vector{0, 1, 0, 1},
                    std::vector{0, 1, 1, 1, 0}, std::vector{0, 0, 1, 1, 1, 2},
                    std::vector{0, 0, 0, 1, 1, 1}, std::vector{0, 1, 2, 2, 1, 0},
                    std::vector{0, 0, 1, 1, 2, 2, 3, 3},
                    std::vector{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2}),
    [](const auto& nodes) { return fmt::format("n{}", fmt::join(nodes.param, "")); });

TEST_P(Nodes, private_buffers_equal_the_oracle) {
  run([](Communicator& comm) {
    for (const Collective collective : moving) {
      const CallOptions options = options_for(comm, collective);
      for (const std::size_t count : {0UL, 1UL, 17UL, 1'009UL})
        check(comm, collective, count, options);
    }
  });
}

TEST_P(Nodes, buffers_of_several_chunks_equal_the_oracle) {
  run([](Communicator& comm) {
    const auto size = static_cast<std::size_t>(comm.size());
    const std::size_t count = 70'001;
    auto data = planted_data<float>(comm.rank(), count);
    allreduce(comm, std::span<float>(data), ReduceOp::avg, by_nodes);
    expect_reduction(data, ReduceOp::avg, comm.size(), 0, "allreduce");

    const auto input = planted_data<float>(comm.rank(), count * size);
    reduce_scatter(comm, std::span<const float>(input), std::span<float>(data), ReduceOp::avg,
                   options_for(comm, Collective::reduce_scatter));
    expect_reduction(data, ReduceOp::avg, comm.size(),
                     count * static_cast<std::size_t>(comm.rank()), "reduce_scatter");

    check(comm, Collective::allgather, count, options_for(comm, Collective::allgather));
    check(comm, Collective::broadcast, count, by_nodes);
  });
}

TEST_P(Nodes, windows_equal_the_oracle_in_and_out_of_place) {
  run([](Communicator& comm) {
    const std::size_t count = 40'009;
    const auto memory = comm.allocate(2 * count * sizeof(float));
    const auto input = elements<float>(*memory, 0, count);
    const auto output = elements<float>(*memory, count, count);
    std::ranges::copy(planted_data<float>(comm.rank(), count), input.begin());

    allreduce(comm, std::span<const float>(input), output, ReduceOp::sum, by_nodes);
    expect_reduction(std::vector<float>(output.begin(), output.end()), ReduceOp::sum, comm.size(),
                     0, "out of place");
    allreduce(comm, input, ReduceOp::avg, by_nodes);
    expect_reduction(std::vector<float>(input.begin(), input.end()), ReduceOp::avg, comm.size(), 0,
                     "in place");
  });
}

/// Blocks and data in windows of the ranks that `has_window` names, elsewhere in private memory.
void check_others_in_windows(Communicator& comm, const std::function<bool(int)>& has_window) {
  const auto size = static_cast<std::size_t>(comm.size());
  const auto rank = static_cast<std::size_t>(comm.rank());
  for (const std::size_t count : {1UL, 9'001UL}) {
    const auto memory = comm.allocate((size + 1) * count * sizeof(float));
    std::vector<float> own((size + 1) * count);
    const std::span all = has_window(comm.rank()) ? elements<float>(*memory, 0, own.size()) : own;
    const auto blocks = all.first(size * count);
    const auto block = all.last(count);

    std::ranges::copy(planted_data<float>(comm.rank(), size * count), blocks.begin());
    reduce_scatter(comm, std::span<const float>(blocks), block, ReduceOp::avg,
                   options_for(comm, Collective::reduce_scatter));
    expect_reduction(std::vector<float>(block.begin(), block.end()), ReduceOp::avg, comm.size(),
                     count * rank, "reduce_scatter");
    EXPECT_TRUE(std::ranges::equal(blocks, planted_data<float>(comm.rank(), size * count)));

    std::ranges::copy(planted_data<float>(comm.rank(), count), block.begin());
    allgather(comm, std::span<const float>(block), blocks,
              options_for(comm, Collective::allgather));
    for (int r = 0; r < comm.size(); ++r)
      EXPECT_TRUE(std::ranges::equal(blocks.subspan(static_cast<std::size_t>(r) * count, count),
                                     planted_data<float>(r, count)));

    for (int root = 0; root < comm.size(); ++root) {
      std::ranges::copy(planted_data<float>(comm.rank(), count), block.begin());
      broadcast(comm, block, root, by_nodes);
      EXPECT_TRUE(std::ranges::equal(block, planted_data<float>(root, count)));
      std::ranges::fill(block, -1.0F);  // nobody reads it any more
    }
  }
}

TEST_P(Nodes, other_collectives_work_in_windows) {
  run([](Communicator& comm) { check_others_in_windows(comm, [](int) { return true; }); });
}

TEST_P(Nodes, some_ranks_may_use_windows_and_others_private_buffers) {
  run([](Communicator& comm) {
    check_others_in_windows(comm, [](int rank) { return rank % 3 != 1; });
  });
}

TEST_P(Nodes, the_automatic_choice_equals_the_oracle) {
  run(test::check_all_collectives);
}

TEST_P(Nodes, every_algorithm_that_fits_equals_the_oracle) {
  run([](Communicator& comm) {
    for (const Collective collective : moving) {
      for (const Algorithm algorithm : algorithms_of(collective)) {
        if (fits(algorithm, collective, comm.place()))
          check(comm, collective, 101, {.algorithm = algorithm});
      }
    }
  });
}

TEST_P(Nodes, rounded_sums_have_the_same_bits_on_all_ranks) {
  std::vector<std::vector<float>> results(GetParam().size());
  run([&](Communicator& comm) {
    auto& all = results[static_cast<std::size_t>(comm.rank())];
    for (const Wire wire : {Wire::exact, Wire::bf16, Wire::f16}) {
      std::vector<float> data(5'003);
      for (std::size_t i = 0; i < data.size(); ++i)
        data[i] = 1.0F / static_cast<float>(1 + i + 7 * static_cast<std::size_t>(comm.rank()));
      allreduce(comm, std::span<float>(data), ReduceOp::avg,
                {.algorithm = Algorithm::hierarchical, .wire = wire});
      all.insert(all.end(), data.begin(), data.end());
    }
  });
  for (const auto& result : results)
    EXPECT_EQ(result, results[0]);
}

TEST_P(Nodes, several_operations_are_in_flight) {
  run([](Communicator& comm) { test::check_in_flight_in_all_ways(comm); });
}

}  // namespace
}  // namespace rondo::comm
