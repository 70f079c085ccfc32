// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// The same run on any ranks, shardings, buckets, orders and algorithms ends with the same bits.

#include "train/hash_matrix.hpp"

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/comm/tuning.hpp"

#include "support/temporary_directory.hpp"

namespace rondo::test {
namespace {

using comm::Algorithm;
using comm::Collective;
using comm::Communicator;
using testing::HasSubstr;
using testing::IsEmpty;

/// Ranks as threads, on nodes of so many.
struct World {
  int ranks = 1;
  int ranks_per_node = 1;
  std::shared_ptr<const comm::Tuning> tuning = {};
};

void run_in(const World& world, const std::function<void(Communicator&)>& body) {
  comm::run_ranks(world.ranks, body,
                  {.time_limit = std::chrono::seconds(60), .tuning = world.tuning},
                  world.ranks_per_node);
}

std::vector<std::string> violations_in(const World& world, const HashMatrix& matrix,
                                       const std::vector<HashRun>& runs) {
  std::vector<std::string> found;
  run_in(world, [&](Communicator& comm) {
    auto mine = matrix.violations(comm, runs);
    if (is_root(comm)) found = std::move(mine);
  });
  return found;
}

/// `algorithm`, wherever it fits.
std::shared_ptr<const comm::Tuning> only(Algorithm algorithm) {
  comm::Tuning tuning;
  for (const auto collective :
       {Collective::allreduce, Collective::reduce_scatter, Collective::allgather,
        Collective::broadcast, Collective::allreduce_lanes, Collective::reduce_scatter_lanes})
    tuning.rules.push_back({.collective = collective, .algorithm = algorithm});
  return std::make_shared<const comm::Tuning>(tuning);
}

TEST(HashMatrixTest, is_one_hash_on_any_ranks_sharding_and_buckets) {
  const HashMatrix matrix(all_cases());
  for (const int ranks : {1, 2, 3, 4, 5, 6, 7, 8})
    EXPECT_THAT(violations_in({.ranks = ranks, .ranks_per_node = 2}, matrix, all_runs()),
                IsEmpty());
}

TEST(HashMatrixTest, is_one_hash_in_any_order_of_readiness) {
  const HashMatrix matrix(few_cases());
  for (const unsigned readiness : {1U, 2U, 3U})
    EXPECT_THAT(violations_in({.ranks = 3}, matrix, all_runs(readiness)), IsEmpty());
}

TEST(HashMatrixTest, is_one_hash_with_any_algorithm_underneath) {
  struct Way {
    Algorithm algorithm;
    Collective shows;  ///< a collective that has it
    World world;
  };
  const Way ways[] = {{Algorithm::ring, Collective::allgather, {5}},
                      {Algorithm::direct, Collective::allreduce_lanes, {5}},
                      {Algorithm::recursive_doubling, Collective::allgather, {5}},
                      {Algorithm::rabenseifner, Collective::allreduce, {6}},
                      {Algorithm::one_shot, Collective::allreduce, {3}},
                      {Algorithm::tree, Collective::broadcast, {5}},
                      {Algorithm::pipelined_tree, Collective::broadcast, {5}},
                      {Algorithm::hierarchical, Collective::allgather, {6, 2}},
                      {Algorithm::hierarchical, Collective::allreduce, {5, 3}},
                      {Algorithm::shared, Collective::allreduce_lanes, {5, 5}},
                      {Algorithm::direct, Collective::allreduce_lanes, {4, 4}}};
  const HashMatrix matrix(few_cases());
  for (Way way : ways) {
    SCOPED_TRACE(name_of(way.algorithm));
    way.world.tuning = only(way.algorithm);
    run_in(way.world, [&](Communicator& comm) {
      EXPECT_THAT(comm.explain({.collective = way.shows}), HasSubstr(name_of(way.algorithm)));
    });
    EXPECT_THAT(violations_in(way.world, matrix, all_runs()), IsEmpty());
  }
}

// If this fails, the tests above cannot tell one order of addition from another.
TEST(HashMatrixTest, finds_every_sum_in_the_order_of_ranks) {
  const HashMatrix matrix(all_cases(), grad::Reduction::fast);
  const std::vector<HashRun> planted = all_runs(0, grad::Reduction::fast);
  EXPECT_THAT(violations_in({.ranks = 1}, matrix, planted), IsEmpty());
  for (const int ranks : {2, 3, 8}) {
    const World world{.ranks = ranks, .tuning = only(Algorithm::direct)};
    EXPECT_EQ(violations_in(world, matrix, planted).size(), matrix.entries(planted).size())
        << "on " << ranks << " ranks";
  }
}

TEST(HashMatrixTest, survives_stops_and_resumptions_on_other_ranks_and_shardings) {
  const auto part = [](int ranks, const HashCase& what, const HashRun& run, int steps,
                       const std::filesystem::path& checkpoints) {
    std::uint64_t hash = 0;
    run_in({.ranks = ranks, .ranks_per_node = 2}, [&](Communicator& comm) {
      const std::uint64_t mine = run_hash_case(comm, what, run, steps, checkpoints);
      if (is_root(comm)) hash = mine;
    });
    return hash;
  };
  constexpr auto none = grad::Sharding::none;
  constexpr auto zero1 = grad::Sharding::zero1;
  constexpr auto zero2 = grad::Sharding::zero2;
  const std::vector<std::array<grad::Sharding, 4>> changes{
      {none, none, none, none}, {zero2, none, zero1, zero1}, {zero1, zero2, none, zero2}};
  for (const auto& [precision, optimizer, shardings] :
       combinations(Keep::pairs, precisions, optimizers, changes)) {
    const HashCase what{.precision = precision, .optimizer = std::string(optimizer)};
    const TemporaryDirectory directory;
    const auto& checkpoints = directory.path();
    part(4, what, {.sharding = shardings[0], .bucket_bytes = 1}, 2, checkpoints);
    part(3, what, {.sharding = shardings[1]}, 3, checkpoints);
    part(1, what, {.sharding = shardings[2], .readiness = 1}, 1, checkpoints);
    EXPECT_EQ(part(2, what, {.sharding = shardings[3]}, 2, checkpoints), part(2, what, {}, 8, {}))
        << name_of(precision) << ' ' << optimizer << ", ending in " << name_of(shardings[3]);
  }
}

}  // namespace
}  // namespace rondo::test
