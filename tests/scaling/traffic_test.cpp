// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "rondo/comm/inproc.hpp"
#include "rondo/comm/tuning.hpp"
#include "rondo/scaling/simulation.hpp"

#include "comm/algorithms/catalogue.hpp"
#include "comm/place.hpp"
#include "scaling/simulation/simulated_rank.hpp"
#include "support/counting_transport.hpp"
#include "support/run_on_nodes.hpp"
#include "support/run_task.hpp"

/// The simulator sends what the library sends: message for message, byte for byte.
namespace rondo::scaling {
namespace {

using comm::Algorithm;
using comm::Call;
using comm::CallOptions;
using comm::Channel;
using comm::Collective;
using comm::Wire;

constexpr Collective with_algorithms[] = {Collective::allreduce, Collective::reduce_scatter,
                                          Collective::allgather, Collective::broadcast};

/// Short, so that blocks have several.
constexpr std::size_t segment_bytes = 4096;

/// Elements of each rank's longer buffer: none, one a block, one segment of a block, and several.
std::vector<std::size_t> counts_for(std::size_t ranks) {
  return {0, ranks, 13 * ranks, 7'001 * ranks};
}

}  // namespace

namespace algorithms_alone {
namespace {

/// Bytes by receiver, and messages, of one rank.
struct Sent {
  std::vector<std::size_t> bytes_to;
  std::size_t messages = 0;

  friend bool operator==(const Sent&, const Sent&) = default;
  friend void PrintTo(const Sent& sent, std::ostream* out) {
    *out << fmt::format("{} messages, {} bytes", sent.messages, fmt::join(sent.bytes_to, " "));
  }
};

struct Case {
  Collective collective;
  Algorithm algorithm;
  Wire wire;
  std::size_t bytes;
  int ranks;
};

comm::Task start(Channel& channel, const Case& test, std::span<std::byte> input,
                 std::span<std::byte> output) {
  const comm::Segmentation segmentation{.segment_bytes = segment_bytes};
  const comm::algorithms::Reduction reduction{DType::f32, comm::ReduceOp::avg, test.wire};
  switch (test.collective) {
    case Collective::allreduce:
      return comm::algorithms::allreduce(channel, test.algorithm, output, reduction, segmentation);
    case Collective::reduce_scatter:
      return comm::algorithms::reduce_scatter(
          channel, test.algorithm, input,
          output.first(output.size() / static_cast<std::size_t>(test.ranks)), reduction,
          segmentation);
    case Collective::allgather:
      return comm::algorithms::allgather(
          channel, test.algorithm, comm::Blocks(output, sizeof(float), test.ranks), segmentation);
    default:
      return comm::algorithms::broadcast(channel, test.algorithm, output, test.ranks / 2,
                                         segmentation);
  }
}

std::vector<Sent> really_sent(const Case& test) {
  std::vector<Sent> sent(static_cast<std::size_t>(test.ranks));
  comm::run_ranks(test.ranks, [&](comm::Transport& transport) {
    test::CountingTransport counting(transport);
    std::vector<std::byte> input(test.bytes);
    std::vector<std::byte> output(test.bytes);
    test::run_task(counting, [&](Channel& channel) { return start(channel, test, input, output); });
    sent[static_cast<std::size_t>(transport.rank())] = {counting.bytes_sent_to(),
                                                        counting.messages_sent()};
  });
  return sent;
}

comm::Task simulated(SimulatedRank& rank, const Case& test, Sent& sent) {
  test::CountingTransport counting(rank);
  Channel channel = rank.channel(7).over(counting);
  co_await start(channel, test, rank.world().memory().inputs().first(test.bytes),
                 rank.world().memory().outputs().first(test.bytes));
  sent = {counting.bytes_sent_to(), counting.messages_sent()};
}

std::vector<Sent> sent_in_simulation(const Case& test) {
  std::vector<Sent> sent(static_cast<std::size_t>(test.ranks));
  World world({}, equal_nodes(test.ranks, 1));
  world.run([&](SimulatedRank& rank) {
    return simulated(rank, test, sent[static_cast<std::size_t>(rank.rank())]);
  });
  return sent;
}

class Ranks : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(many, Ranks, testing::Values(1, 2, 3, 4, 5, 7, 8, 9, 13));

TEST_P(Ranks, every_algorithm_sends_the_same_bytes_to_the_same_ranks) {
  const int ranks = GetParam();
  for (const Collective collective : with_algorithms) {
    for (const Algorithm algorithm : comm::algorithms::algorithms_for(collective)) {
      for (const Wire wire : {Wire::exact, Wire::bf16}) {
        for (const std::size_t count : counts_for(static_cast<std::size_t>(ranks))) {
          const Case test{collective, algorithm, wire, count * sizeof(float), ranks};
          EXPECT_EQ(sent_in_simulation(test), really_sent(test))
              << name_of(collective) << " by " << name_of(algorithm) << ", " << count
              << " elements, wire " << name_of(wire);
        }
      }
    }
  }
}

}  // namespace
}  // namespace algorithms_alone

namespace whole_calls {
namespace {

std::shared_ptr<const comm::Tuning> tuning() {
  auto tuning = std::make_shared<comm::Tuning>();
  tuning->transport.segment_bytes = segment_bytes;
  return tuning;
}

/// All that all ranks can call on these nodes, of several lengths.
std::vector<SimulatedCall> calls_on(const comm::Place& place) {
  std::vector<SimulatedCall> calls;
  const auto ranks = static_cast<std::size_t>(place.size);
  for (const std::size_t count : counts_for(ranks)) {
    const std::size_t bytes = count * sizeof(float);
    for (const Collective collective : with_algorithms) {
      for (Algorithm algorithm : comm::algorithms_of(collective)) {
        if (comm::fits(algorithm, collective, place))
          calls.push_back({.collective = collective, .bytes = bytes, .options = {algorithm}});
      }
      calls.push_back({.collective = collective, .bytes = bytes});
    }
    calls.push_back({.bytes = bytes, .options = {.wire = Wire::f16}});
    calls.push_back({.collective = Collective::all_to_all, .bytes = bytes});
    for (const std::size_t lanes : {ranks, 2 * ranks + 1}) {
      calls.push_back({.collective = Collective::allreduce_lanes, .bytes = bytes, .lanes = lanes});
      calls.push_back(
          {.collective = Collective::reduce_scatter_lanes, .bytes = bytes, .lanes = lanes});
    }
  }
  calls.push_back({.collective = Collective::barrier});
  return calls;
}

/// The call with buffers in plain memory.
void really_call(comm::Communicator& comm, const SimulatedCall& call) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  std::vector<std::byte> input(call.bytes);
  std::vector<std::byte> output(call.bytes);
  Call made{.collective = call.collective,
            .dtype = call.dtype,
            .input = input,
            .output = output,
            .lanes = call.lanes,
            .options = call.options};
  std::vector<comm::LaneNode> nodes;
  if (comm::is_over_lanes(call.collective)) {
    const std::span values(reinterpret_cast<const float*>(input.data()),
                           call.bytes / sizeof(float));
    for (const auto& node :
         comm::covering_nodes(comm::lane_range(comm.rank(), comm.size(), call.lanes), call.lanes))
      nodes.push_back({node, values});
    made.nodes = nodes;
    made.input = {};
  }
  switch (call.collective) {
    case Collective::allreduce:
    case Collective::broadcast: made.input = output; break;
    case Collective::reduce_scatter:
    case Collective::reduce_scatter_lanes:
      made.output = std::span(output).first(call.bytes / ranks);
      break;
    case Collective::allgather: made.input = std::span(input).first(call.bytes / ranks); break;
    case Collective::barrier:
    case Collective::allreduce_lanes:
    case Collective::all_to_all: break;
  }
  comm.run(made);
}

/// By rank, then by call.
using Sums = std::vector<std::vector<Traffic>>;

std::string describe(const Traffic& traffic) {
  return fmt::format("{} messages, {} bytes inside the node, {} between nodes", traffic.messages,
                     traffic.bytes_inside_node, traffic.bytes_between_nodes);
}

Sums really_sent(const std::vector<int>& nodes, const std::vector<SimulatedCall>& calls,
                 bool shared_memory) {
  std::vector<std::unique_ptr<comm::Transport>> plain(nodes.size());
  std::vector<const test::CountingTransport*> counting(nodes.size());
  const auto wrap = [&](std::unique_ptr<comm::Transport> transport) {
    const auto rank = static_cast<std::size_t>(transport->rank());
    plain[rank] = std::move(transport);
    auto wrapped = std::make_unique<test::CountingTransport>(*plain[rank]);
    counting[rank] = wrapped.get();
    return wrapped;
  };
  Sums sums(nodes.size());
  const auto traffic_of = [&](std::size_t rank) {
    Traffic traffic{.messages = counting[rank]->messages_sent()};
    for (std::size_t peer = 0; peer < nodes.size(); ++peer)
      (nodes[peer] == nodes[rank] ? traffic.bytes_inside_node : traffic.bytes_between_nodes) +=
          counting[rank]->bytes_sent_to()[peer];
    return traffic;
  };
  test::run_on_nodes(
      nodes,
      [&](comm::Communicator& comm) {
        const auto rank = static_cast<std::size_t>(comm.rank());
        for (const SimulatedCall& call : calls) {
          const Traffic start = traffic_of(rank);
          really_call(comm, call);
          const Traffic now = traffic_of(rank);
          sums[rank].push_back({now.messages - start.messages,
                                now.bytes_inside_node - start.bytes_inside_node,
                                now.bytes_between_nodes - start.bytes_between_nodes});
        }
      },
      {.time_limit = std::chrono::seconds(60), .shared_memory = shared_memory, .tuning = tuning()},
      wrap);
  return sums;
}

comm::Place place_on(const std::vector<int>& nodes, bool shared_memory) {
  World world({}, nodes);
  return shared_memory ? comm::place_in(world.rank(0)) : comm::place_apart_in(world.rank(0));
}

void expect_equal_traffic(const std::vector<int>& nodes, NodeMemory memory) {
  const bool shared = memory == NodeMemory::shared;
  const auto calls = calls_on(place_on(nodes, shared));
  const Sums expected = really_sent(nodes, calls, shared);
  const Job job{.nodes = nodes, .memory = memory, .tuning = tuning()};
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto simulation = simulate(job, std::span(calls).subspan(i, 1));
    for (std::size_t rank = 0; rank < nodes.size(); ++rank) {
      if (simulation.traffic[rank] == expected[rank][i]) continue;
      ADD_FAILURE() << fmt::format("{} of {} bytes by {}, rank {}: {}, expected {}",
                                   name_of(calls[i].collective), calls[i].bytes,
                                   name_of(calls[i].options.algorithm), rank,
                                   describe(simulation.traffic[rank]), describe(expected[rank][i]));
      return;
    }
  }
}

class Nodes : public testing::TestWithParam<std::vector<int>> {};
INSTANTIATE_TEST_SUITE_P(
    shapes, Nodes,
    testing::Values(std::vector{0}, std::vector{0, 1}, std::vector{0, 1, 2}, std::vector{0, 0, 0},
                    std::vector{0, 0, 1}, std::vector{0, 1, 0, 1}, std::vector{0, 1, 1, 1, 0},
                    std::vector{0, 0, 0, 1, 1, 1, 2}, std::vector{0, 0, 1, 1, 2, 2, 3, 3},
                    std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8}),
    [](const auto& nodes) { return fmt::format("n{}", fmt::join(nodes.param, "")); });

TEST_P(Nodes, every_call_sends_the_same_through_shared_memory) {
  expect_equal_traffic(GetParam(), NodeMemory::shared);
}

TEST_P(Nodes, every_call_sends_the_same_by_messages_alone) {
  expect_equal_traffic(GetParam(), NodeMemory::unused);
}

}  // namespace
}  // namespace whole_calls
}  // namespace rondo::scaling
