// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/comm/inproc.hpp"

#include "support/collective_checks.hpp"

/// Several ranks on each of several nodes; the last node may have fewer.
namespace rondo::comm {
namespace {

using test::describe_case;
using test::expect_reduction;
using test::planted_data;

constexpr CallOptions by_nodes{.algorithm = Algorithm::hierarchical};

/// Ranks, and ranks on a node.
class Nodes : public testing::TestWithParam<std::tuple<int, int>> {
 protected:
  static void run(const std::function<void(Communicator&)>& body) {
    const auto [ranks, ranks_per_node] = GetParam();
    run_ranks(ranks, body, {.time_limit = std::chrono::seconds(30)}, ranks_per_node);
  }
};

INSTANTIATE_TEST_SUITE_P(shapes, Nodes,
                         testing::Values(std::tuple(3, 2), std::tuple(4, 2), std::tuple(5, 2),
                                         std::tuple(6, 3), std::tuple(7, 3), std::tuple(8, 2),
                                         std::tuple(9, 4), std::tuple(12, 4)));

TEST_P(Nodes, private_buffers_equal_the_oracle) {
  run([](Communicator& comm) {
    for (const std::size_t count : {0UL, 1UL, 17UL, 1'001UL, 70'001UL}) {
      test::for_each_reduction([&]<class T>(std::type_identity<T>, ReduceOp op) {
        if (count > 10'000 && op != ReduceOp::avg) return;
        auto data = planted_data<T>(comm.rank(), count);
        allreduce(comm, std::span<T>(data), op, by_nodes);
        expect_reduction(
            data, op, comm.size(), 0,
            describe_case("hierarchical", comm.rank(), comm.size(), count, dtype_of<T>, op));
      });
    }
  });
}

TEST_P(Nodes, windows_equal_the_oracle_in_and_out_of_place) {
  run([](Communicator& comm) {
    const std::size_t count = 40'009;
    const auto memory = comm.allocate(2 * count * sizeof(float));
    const std::span all(reinterpret_cast<float*>(memory->bytes().data()), 2 * count);
    const auto input = all.first(count);
    const auto output = all.last(count);
    std::ranges::copy(planted_data<float>(comm.rank(), count), input.begin());

    allreduce(comm, std::span<const float>(input), output, ReduceOp::sum, by_nodes);
    expect_reduction(std::vector<float>(output.begin(), output.end()), ReduceOp::sum, comm.size(),
                     0, "out of place");
    allreduce(comm, input, ReduceOp::avg, by_nodes);
    expect_reduction(std::vector<float>(input.begin(), input.end()), ReduceOp::avg, comm.size(), 0,
                     "in place");
  });
}

TEST_P(Nodes, the_automatic_choice_equals_the_oracle) {
  run(test::check_all_collectives);
}

TEST_P(Nodes, rounded_sums_have_the_same_bits_on_all_ranks) {
  std::vector<std::vector<float>> results(static_cast<std::size_t>(std::get<0>(GetParam())));
  run([&](Communicator& comm) {
    std::vector<float> data(5'003);
    for (std::size_t i = 0; i < data.size(); ++i)
      data[i] = 1.0F / static_cast<float>(1 + i + 7 * static_cast<std::size_t>(comm.rank()));
    allreduce(comm, std::span<float>(data), ReduceOp::avg, by_nodes);
    results[static_cast<std::size_t>(comm.rank())] = data;
  });
  for (const auto& result : results)
    EXPECT_EQ(result, results[0]);
}

}  // namespace
}  // namespace rondo::comm
