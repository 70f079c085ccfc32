// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/scaling/step.hpp"

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/grad/layout.hpp"

namespace rondo::scaling {
namespace {

/// Two rows of a MiB each; a backward pass of 2 s each after a forward pass of 1 s each.
ModelTable two_rows() {
  return parse_model_table("model two\nfirst 262144 1\nlast 262144 1\n", "");
}
constexpr ComputeSpeed one_flop{.flops = 1, .row_seconds = 0, .samples = 1};

Machine slow_network(double bandwidth) {
  Machine machine;
  machine.network = {.latency = 1e-6, .bandwidth = bandwidth, .overhead = 0};
  return machine;
}

TEST(BucketTimes, a_bucket_is_ready_when_its_last_gradient_is) {
  const auto times = bucket_times(two_rows(), one_flop, {.bucket_bytes = 1 << 20}, 2);

  // The last row's gradient, which comes first, is complete 2 s before the first row's.
  ASSERT_FALSE(times.empty());
  EXPECT_DOUBLE_EQ(times.front().ready, 4);
  EXPECT_DOUBLE_EQ(times.back().ready, 6);
}

TEST(BucketTimes, lanes_are_reduced_with_the_last_one) {
  const auto times = bucket_times(two_rows(), one_flop, {.bucket_bytes = 1 << 20, .lanes = 3}, 2);
  EXPECT_DOUBLE_EQ(times.front().ready, 2 * 6 + 4);
  EXPECT_DOUBLE_EQ(times.back().ready, 3 * 6);
}

TEST(BucketTimes, buckets_are_those_of_the_gradient_engine) {
  const auto model = load_model_table("resnet50");
  std::vector<ParameterSpec> specs;
  for (const auto& row : model.rows)
    specs.push_back({.name = row.name, .shape = {row.elements}});
  const grad::Layout layout(specs, {.bucket_bytes = 1 << 22, .ranks = 8});

  const auto times = bucket_times(model, {}, {.bucket_bytes = 1 << 22}, 8);

  ASSERT_EQ(times.size(), layout.buckets().size());
  for (std::size_t i = 0; i < times.size(); ++i)
    EXPECT_EQ(times[i].bytes, layout.buckets()[i].size() * sizeof(float));
  EXPECT_TRUE(std::ranges::is_sorted(times, {}, &BucketTime::ready));
}

TEST(Step, one_rank_communicates_nothing) {
  const auto step = simulate_step(two_rows(), one_flop, {}, {0}, {});
  EXPECT_DOUBLE_EQ(step.seconds, 6);
  EXPECT_DOUBLE_EQ(step.efficiency(), 1);
}

TEST(Step, what_overlaps_is_not_exposed) {
  const auto step =
      simulate_step(two_rows(), one_flop, slow_network(1e6), {0, 1}, {.bucket_bytes = 1 << 18});

  // About 2 MiB at 1 MB/s each way: half of it while the first row is computed.
  EXPECT_NEAR(step.communication_seconds(), 2.1, 0.1);
  EXPECT_GT(step.exposed_seconds(), 0.9);
  EXPECT_LT(step.exposed_seconds(), 1.3);
}

TEST(Step, with_a_slow_network_it_is_bound_by_communication) {
  const auto step =
      simulate_step(two_rows(), one_flop, slow_network(1e5), {0, 1}, {.bucket_bytes = 1 << 18});
  const double bound = 4 + 2.1e6 / 1e5;
  EXPECT_NEAR(step.seconds, bound, 0.03 * bound);
}

TEST(Step, vgg16_scales_worse_than_resnet50) {
  const Machine machine;
  const ComputeSpeed compute{.flops = 50e12};
  const auto nodes = equal_nodes(32, 8);
  const auto efficiency = [&](const char* model) {
    return simulate_step(load_model_table(model), compute, machine, nodes, {}).efficiency();
  };
  EXPECT_LT(efficiency("vgg16"), efficiency("resnet50"));
}

TEST(Step, weak_scaling_loses_more_with_more_nodes) {
  const int ranks[] = {1, 4, 8, 32};
  const auto points = weak_scaling(load_model_table("vgg16"), {}, {}, 4, ranks, {});

  ASSERT_EQ(points.size(), 4U);
  EXPECT_DOUBLE_EQ(points[0].time.efficiency(), 1);
  for (std::size_t i = 1; i < points.size(); ++i) {
    EXPECT_EQ(points[i].ranks, ranks[i]);
    EXPECT_LT(points[i].time.efficiency(), points[i - 1].time.efficiency());
  }
}

TEST(Knobs, are_sorted_by_what_they_bring) {
  Machine machine = slow_network(1e9);
  const auto knobs =
      compare_knobs(load_model_table("resnet50"), {}, machine, equal_nodes(8, 2), {});

  ASSERT_GT(knobs.size(), 5U);
  EXPECT_EQ(knobs.front().name, "as it is");
  for (std::size_t i = 2; i < knobs.size(); ++i)
    EXPECT_GE(knobs[i - 1].time.efficiency(), knobs[i].time.efficiency());
  // Four times the work for the same bytes, where bytes are what counts.
  EXPECT_EQ(knobs[1].name, "4 lanes a rank");
}

TEST(Knobs, bf16_on_the_wire_nearly_halves_what_a_slow_network_takes) {
  const auto step_with = [](comm::Wire wire) {
    return simulate_step(load_model_table("vgg16"), {}, slow_network(1e8), equal_nodes(4, 1),
                         {.call = {.wire = wire}});
  };
  const double exact = step_with(comm::Wire::exact).communication_seconds();
  const double halved = step_with(comm::Wire::bf16).communication_seconds();
  EXPECT_NEAR(halved / exact, 0.5, 0.05);
}

TEST(Step, refuses_a_rank_that_computes_nothing) {
  EXPECT_THROW(simulate_step(two_rows(), {.flops = 0}, {}, {0}, {}), UsageError);
  EXPECT_THROW(simulate_step(two_rows(), {}, {}, {0}, {.lanes = 0}), UsageError);
}

}  // namespace
}  // namespace rondo::scaling
