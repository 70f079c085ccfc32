// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/scaling/simulation.hpp"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "scaling/simulation/event_queue.hpp"
#include "scaling/simulation/simulated_rank.hpp"

namespace rondo::scaling {
namespace {

using comm::Algorithm;
using comm::Collective;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

/// Nothing takes time but what a test says.
Machine free_machine() {
  return {.reduction_rate = 1e30,
          .node = {.latency = 0, .bandwidth = 1e30, .overhead = 0},
          .network = {.latency = 0, .bandwidth = 1e30, .overhead = 0}};
}

double seconds(const Job& job, const SimulatedCall& call) {
  return simulate(job, std::span(&call, 1)).calls.front().end;
}

TEST(EventQueue, gives_events_by_time_and_equal_times_in_their_order) {
  EventQueue queue;
  for (std::uint32_t i = 0; i < 100; ++i)
    queue.add({.time = (i * 37) % 10 * 1.0, .subject = i});

  Event last = queue.take();
  while (!queue.empty()) {
    const Event next = queue.take();
    EXPECT_TRUE(last.time < next.time || (last.time == next.time && last.subject < next.subject));
    last = next;
  }
}

TEST(Simulation, takes_one_latency_for_each_round_of_a_barrier) {
  Job job{.machine = free_machine(), .nodes = equal_nodes(9, 1)};
  job.machine.network.latency = 3e-6;
  EXPECT_DOUBLE_EQ(seconds(job, {.collective = Collective::barrier}), 4 * 3e-6);
}

TEST(Simulation, takes_the_overhead_of_both_ends_of_a_message) {
  Job job{.machine = free_machine(), .nodes = equal_nodes(2, 1)};
  job.machine.network.overhead = 1e-6;
  EXPECT_DOUBLE_EQ(seconds(job, {.collective = Collective::barrier}), 2e-6);
}

TEST(Simulation, moves_the_bytes_of_a_ring_at_the_bandwidth) {
  Job job{.machine = free_machine(), .nodes = equal_nodes(4, 1)};
  job.machine.network.bandwidth = 1e9;
  const SimulatedCall call{.bytes = 64 * mebibyte, .options = {.algorithm = Algorithm::ring}};

  const double expected = 2 * 3 / 4.0 * 64 * mebibyte / 1e9;
  EXPECT_NEAR(seconds(job, call), expected, 0.01 * expected);
}

TEST(Simulation, adds_up_at_the_reduction_rate) {
  Job job{.machine = free_machine(), .nodes = equal_nodes(8, 1)};
  job.machine.reduction_rate = 1e9;
  const SimulatedCall call{.bytes = 8 * mebibyte,
                           .options = {.algorithm = Algorithm::recursive_doubling}};
  EXPECT_NEAR(seconds(job, call), 3 * 8 * mebibyte / 1e9, 1e-9);
}

TEST(Simulation, shares_a_nodes_port_between_its_ranks) {
  Job job{.machine = free_machine(), .memory = NodeMemory::unused};
  job.machine.network.bandwidth = 1e9;
  const SimulatedCall call{.collective = Collective::all_to_all, .bytes = 64 * mebibyte};
  job.nodes = {0, 1, 2, 3};
  const double apart = seconds(job, call);
  job.nodes = {0, 0, 1, 1};
  const double together = seconds(job, call);

  // Of each rank's four blocks three leave it, or, with a neighbour, two leave the node.
  EXPECT_NEAR(together / apart, 4.0 / 3, 0.02);
}

TEST(Simulation, a_slice_of_each_rank_of_a_node_goes_through_its_port) {
  Job job{.machine = free_machine(), .nodes = equal_nodes(8, 4)};
  job.machine.network.bandwidth = 1e9;
  const double expected = 64.0 * mebibyte / 1e9;
  EXPECT_NEAR(seconds(job, {.bytes = 64 * mebibyte}), expected, 0.02 * expected);
}

TEST(Simulation, an_oversubscribed_tree_slows_what_crosses_it) {
  Job job{.machine = free_machine(), .nodes = equal_nodes(16, 1)};
  job.machine.network.bandwidth = 1e9;
  const SimulatedCall call{.bytes = 16 * mebibyte,
                           .options = {.algorithm = Algorithm::rabenseifner}};
  job.machine.fat_tree = FatTree{.radix = 16, .oversubscription = 1, .hop_latency = 0};
  const double full = seconds(job, call);
  job.machine.fat_tree = FatTree{.radix = 10, .oversubscription = 4, .hop_latency = 0};
  const double thin = seconds(job, call);

  const double port_seconds = 2 * 15 / 16.0 * 16 * mebibyte / 1e9;
  EXPECT_NEAR(full, port_seconds, 0.05 * port_seconds);
  EXPECT_GT(thin, 1.5 * port_seconds);
}

TEST(Simulation, spines_add_their_hops) {
  Job job{.machine = free_machine(), .nodes = equal_nodes(4, 1)};
  job.machine.fat_tree = FatTree{.radix = 4, .oversubscription = 1, .hop_latency = 1e-6};
  EXPECT_DOUBLE_EQ(seconds(job, {.collective = Collective::barrier}), 2e-6);
}

TEST(Simulation, a_call_waits_for_its_time_and_for_the_last_one) {
  Job job{.machine = free_machine(), .nodes = equal_nodes(2, 1)};
  job.machine.network.bandwidth = 1e6;
  const std::vector<SimulatedCall> calls{{.bytes = mebibyte, .ready = 1},
                                         {.bytes = mebibyte, .ready = 1},
                                         {.bytes = mebibyte, .ready = 100}};
  const auto times = simulate(job, calls).calls;

  EXPECT_DOUBLE_EQ(times[0].begin, 1);
  EXPECT_GT(times[1].begin, 1 + 1.04);
  EXPECT_DOUBLE_EQ(times[2].begin, 100);
  EXPECT_NEAR(times[2].end - times[2].begin, times[0].end - times[0].begin, 1e-3);
}

TEST(Simulation, ranks_that_come_late_delay_a_barrier_by_the_latest) {
  Job job{.machine = free_machine(), .nodes = equal_nodes(64, 1)};
  job.machine.skew = 1e-3;
  const std::vector<SimulatedCall> calls(50, {.collective = Collective::barrier});
  const double mean = simulate(job, calls).calls.back().end / 50;

  double harmonic = 0;  // the mean of the largest of 64 exponential numbers
  for (int k = 1; k <= 64; ++k)
    harmonic += 1e-3 / k;
  EXPECT_NEAR(mean, harmonic, 0.1 * harmonic);
}

TEST(Simulation, is_deterministic) {
  Job job{.nodes = equal_nodes(13, 3)};
  job.machine.skew = 1e-5;
  const std::vector<SimulatedCall> calls{{.bytes = mebibyte}, {.bytes = 5 * mebibyte}};
  const auto first = simulate(job, calls);
  const auto second = simulate(job, calls);

  EXPECT_EQ(first.calls.back().end, second.calls.back().end);
  EXPECT_EQ(first.events, second.events);
}

TEST(Simulation, elements_of_any_length_take_no_memory) {
  Job job{.machine = free_machine(), .nodes = equal_nodes(16, 8)};
  job.machine.network.bandwidth = 1e9;
  const std::size_t bytes = std::size_t{1} << 33;
  EXPECT_NEAR(seconds(job, {.bytes = bytes}), static_cast<double>(bytes) / 1e9, 0.1);
}

TEST(Simulation, refuses_an_algorithm_that_does_not_fit) {
  const Job job{.nodes = equal_nodes(4, 1)};
  EXPECT_THROW(seconds(job, {.bytes = 4, .options = {.algorithm = Algorithm::shared}}), UsageError);
}

TEST(Simulation, refuses_calls_that_a_communicator_would_refuse) {
  const Job job{.nodes = equal_nodes(4, 1)};
  EXPECT_THROW(seconds(job, {.bytes = 7}), UsageError);
  EXPECT_THROW(seconds(job, {.collective = Collective::broadcast, .bytes = 8, .root = 4}),
               UsageError);
  EXPECT_THROW(seconds(job, {.collective = Collective::allgather, .bytes = 6}), UsageError);
  EXPECT_THROW(seconds(job, {.collective = Collective::allreduce_lanes, .bytes = 8}), UsageError);
  EXPECT_THROW(seconds(job, {.bytes = std::size_t{1} << 41}), UsageError);
  EXPECT_THROW(
      seconds(job, {.bytes = std::size_t{1} << 39, .options = {.algorithm = Algorithm::one_shot}}),
      UsageError);
}

TEST(Simulation, refuses_nodes_without_ranks) {
  EXPECT_THROW(seconds({.nodes = {0, 2}}, {}), UsageError);
  EXPECT_THROW(seconds({.nodes = {1, 1}}, {}), UsageError);
  EXPECT_THROW(seconds({.nodes = {-1}}, {}), UsageError);
  EXPECT_THROW(seconds({}, {}), UsageError);
}

TEST(Simulation, refuses_machines_that_cannot_be) {
  Job job{.nodes = equal_nodes(4, 1)};
  job.machine.network.bandwidth = 0;
  EXPECT_THROW(seconds(job, {}), ConfigError);
  job.machine = {.fat_tree = FatTree{.radix = 1}};
  EXPECT_THROW(seconds(job, {}), ConfigError);
}

TEST(World, tells_who_waits_for_what_will_not_come) {
  World world({}, equal_nodes(2, 1));
  const auto program = [](SimulatedRank& rank) -> comm::Task {
    comm::Channel channel = rank.channel(1);
    std::array<std::byte, 8> letters{};
    if (rank.rank() == 0) co_await channel.done(channel.receive(1, letters));
  };
  try {
    world.run(program);
    FAIL() << "no error";
  } catch (const CommError& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("rank 0 waits for a message of 8 bytes from rank 1"));
  }
}

TEST(World, carries_the_letters_that_tasks_write) {
  World world({}, equal_nodes(2, 1));
  std::byte heard{};
  const auto program = [&heard](SimulatedRank& rank) -> comm::Task {
    comm::Channel channel = rank.channel(1);
    if (rank.rank() == 0) {
      const auto letter = std::byte{42};
      co_await channel.done(channel.send(1, std::span(&letter, 1)));
    } else {
      co_await channel.done(channel.receive(0, std::span(&heard, 1)));
    }
  };
  world.run(program);
  EXPECT_EQ(heard, std::byte{42});
}

}  // namespace
}  // namespace rondo::scaling
