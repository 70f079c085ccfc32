// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "comm/algorithms/catalogue.hpp"
#include "comm/inproc/inproc_world.hpp"
#include "comm/run_to_end.hpp"
#include "support/collective_checks.hpp"
#include "support/faulty_transport.hpp"
#include "support/fewer_cases.hpp"

/// Every algorithm over transports that misbehave. A failure names its seed; RONDO_TEST_SEED=SEED
/// repeats that one alone.
namespace rondo::comm::algorithms {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using test::expect_reduction;
using test::Faults;
using test::FaultyTransport;
using test::planted_data;

constexpr Segmentation segmentation{.segment_bytes = 16, .receives_ahead = 3};
constexpr std::size_t count = 41;

/// One rank's call of one collective, in the turns of `round`, and the check of its result.
struct Case {
  Transport& transport;
  Algorithm algorithm;
  int round;
  Deadline deadline;
  std::string what;

  template <class Make>
  void run(Make make) const {
    run_to_end(transport, 7, deadline, make);
  }
  Reduction reduction() const {
    constexpr Wire wires[] = {Wire::exact, Wire::bf16, Wire::f16};
    return {DType::f32, ReduceOp::sum, wires[round % 3]};
  }
};

void check_allreduce(const Case& c) {
  auto data = planted_data<float>(c.transport.rank(), count);
  c.run([&](Channel& channel) {
    return allreduce(channel, c.algorithm, std::as_writable_bytes(std::span(data)), c.reduction(),
                     segmentation);
  });
  expect_reduction(data, ReduceOp::sum, c.transport.size(), 0, c.what);
}

void check_reduce_scatter(const Case& c) {
  const auto size = static_cast<std::size_t>(c.transport.size());
  const auto input = planted_data<float>(c.transport.rank(), count * size);
  std::vector<float> output(count);
  c.run([&](Channel& channel) {
    return reduce_scatter(channel, c.algorithm, std::as_bytes(std::span(input)),
                          std::as_writable_bytes(std::span(output)), c.reduction(), segmentation);
  });
  expect_reduction(output, ReduceOp::sum, c.transport.size(),
                   count * static_cast<std::size_t>(c.transport.rank()), c.what);
}

void check_allgather(const Case& c) {
  auto whole = planted_data<std::uint8_t>(c.round, 16 * count);
  std::vector<std::uint8_t> data(whole.size());
  const Blocks from(std::as_writable_bytes(std::span(whole)), 1, c.transport.size());
  const Blocks blocks(std::as_writable_bytes(std::span(data)), 1, c.transport.size());
  std::ranges::copy(from[c.transport.rank()], blocks[c.transport.rank()].begin());
  c.run([&](Channel& channel) { return allgather(channel, c.algorithm, blocks, segmentation); });
  EXPECT_EQ(data, whole) << c.what;
}

void check_broadcast(const Case& c) {
  const int root = c.round % c.transport.size();
  auto data = planted_data<std::uint8_t>(c.transport.rank() + c.round, 4 * count);
  c.run([&](Channel& channel) {
    return broadcast(channel, c.algorithm, std::as_writable_bytes(std::span(data)), root,
                     segmentation);
  });
  EXPECT_EQ(data, planted_data<std::uint8_t>(root + c.round, 4 * count)) << c.what;
}

void check(Collective collective, const Case& c) {
  switch (collective) {
    case Collective::allreduce: return check_allreduce(c);
    case Collective::reduce_scatter: return check_reduce_scatter(c);
    case Collective::allgather: return check_allgather(c);
    default: return check_broadcast(c);
  }
}

std::vector<std::uint64_t> seeds(std::uint64_t how_many) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before there are threads
  if (const char* seed = std::getenv("RONDO_TEST_SEED")) return {std::stoull(seed)};
  std::vector<std::uint64_t> all(how_many);
  for (std::uint64_t seed = 0; seed < how_many; ++seed)
    all[seed] = seed;
  return all;
}

/// Runs `rounds` calls on ranks with faulty transports; how many ranks ended in a CommError.
int failures(int ranks, const Faults& faults, Collective collective, Algorithm algorithm,
             int rounds, milliseconds time_limit) {
  InprocWorld world(ranks);
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(ranks));
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      Faults own = faults;
      own.seed = faults.seed * 64 + static_cast<std::uint64_t>(rank);
      FaultyTransport transport(world.transport(rank), own);
      const auto what = fmt::format("{} by {} with seed {} on rank {} of {}", name_of(collective),
                                    name_of(algorithm), faults.seed, rank, ranks);
      try {
        for (int round = 0; round < rounds; ++round)
          check(collective, {transport, algorithm, round, Clock::now() + time_limit, what});
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

class Faulty : public testing::TestWithParam<Collective> {
 protected:
  static constexpr milliseconds forever{60'000};

  /// Calls `body(seed, algorithm)` for every algorithm of the collective.
  static void for_each_seed(std::uint64_t how_many,
                            const std::function<void(std::uint64_t, Algorithm)>& body) {
    for (const auto seed : seeds(how_many)) {
      for (const Algorithm algorithm : algorithms_for(GetParam()))
        body(seed, algorithm);
    }
  }
};

INSTANTIATE_TEST_SUITE_P(links, Faulty,
                         testing::Values(Collective::allreduce, Collective::reduce_scatter,
                                         Collective::allgather, Collective::broadcast),
                         [](const auto& of) { return std::string(name_of(of.param)); });

TEST_P(Faulty, delays_and_overtaking_change_no_result) {
  for_each_seed(rondo::test::is_sanitized ? 3 : 6, [](std::uint64_t seed, Algorithm algorithm) {
    const int ranks = 2 + static_cast<int>(seed % 7);
    const Faults faults{.seed = seed, .delay = 0.3};
    EXPECT_EQ(failures(ranks, faults, GetParam(), algorithm, 3, forever), 0) << "seed " << seed;
  });
}

TEST_P(Faulty, closed_connections_end_every_rank_in_an_error) {
  for_each_seed(6, [](std::uint64_t seed, Algorithm algorithm) {
    const int ranks = 2 + static_cast<int>(seed % 5);
    const Faults faults{.seed = seed, .delay = 0.1, .close = 0.02};
    EXPECT_EQ(failures(ranks, faults, GetParam(), algorithm, 1000, forever), ranks)
        << name_of(algorithm) << ", seed " << seed;
  });
}

TEST_P(Faulty, truncated_messages_end_every_rank_in_an_error) {
  for_each_seed(6, [](std::uint64_t seed, Algorithm algorithm) {
    const int ranks = 2 + static_cast<int>(seed % 5);
    const Faults faults{.seed = seed, .delay = 0.1, .truncate = 0.02};
    EXPECT_EQ(failures(ranks, faults, GetParam(), algorithm, 1000, forever), ranks)
        << name_of(algorithm) << ", seed " << seed;
  });
}

TEST_P(Faulty, cut_links_end_every_rank_in_an_error_in_time) {
  for_each_seed(3, [](std::uint64_t seed, Algorithm algorithm) {
    const int ranks = 2 + static_cast<int>(seed % 5);
    const Faults faults{.seed = seed, .cut = 0.02, .delay = 0.1};
    EXPECT_EQ(failures(ranks, faults, GetParam(), algorithm, 1000, milliseconds(60)), ranks)
        << name_of(algorithm) << ", seed " << seed;
  });
}

}  // namespace
}  // namespace rondo::comm::algorithms
