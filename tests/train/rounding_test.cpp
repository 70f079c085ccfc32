// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// The bf16 copy of the values that a session keeps.
#include "rondo/precision/rounding.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"

#include "support/temporary_directory.hpp"
#include "train/hash_model.hpp"

namespace rondo::test {
namespace {

constexpr HashCase stochastic{
    .precision = Precision::bf16, .optimizer = "lamb", .rounding_seed = 5};

std::uint64_t hash_on(int ranks, const HashCase& what, const HashRun& run, int steps,
                      const std::filesystem::path& checkpoints = {}) {
  std::uint64_t hash = 0;
  comm::run_ranks(
      ranks,
      [&](comm::Communicator& comm) {
        const std::uint64_t mine = run_hash_case(comm, what, run, steps, checkpoints);
        if (is_root(comm)) hash = mine;
      },
      {.time_limit = std::chrono::seconds(60)}, 2);
  return hash;
}

/// The elements of the copy that layers read and that are not the values rounded by the key of the
/// step.
std::size_t wrong_elements(train::Session& session, std::optional<std::uint64_t> seed) {
  grad::Arena& arena = session.arena();
  std::vector<bfloat16> expected(arena.values().size());
  precision::round_to_copy(arena.values(), expected,
                           {.seed = seed, .step = session.applied_steps()});
  std::size_t wrong = 0;
  for (std::size_t p = 0; p < arena.specs().size(); ++p) {
    if (arena.specs()[p].role == ParameterRole::statistic) continue;
    const grad::ElementRange range = arena.layout().parameter(p);
    for (std::size_t i = range.begin; i < range.end; ++i)
      if (arena.copy()[i].bits() != expected[i].bits()) ++wrong;
  }
  return wrong;
}

TEST(Copy, is_the_values_rounded_after_every_step_and_on_every_rank) {
  struct Way {
    grad::Sharding sharding;
    bool one_pass;
  };
  for (const Way way : {Way{grad::Sharding::none, false}, Way{grad::Sharding::zero1, false},
                        Way{grad::Sharding::zero1, true}, Way{grad::Sharding::zero2, true}}) {
    for (const auto rounding : {precision::Rounding::nearest, precision::Rounding::stochastic}) {
      comm::run_ranks(3, [&](comm::Communicator& comm) {
        precision::Policy policy = Precision::bf16;
        policy.rounding = rounding;
        const bool at_random = rounding == precision::Rounding::stochastic;
        const auto seed = at_random ? std::optional<std::uint64_t>(9) : std::nullopt;
        train::Session session(comm, hash_specs(), optim::make_optimizer("adamw", {}),
                               {.lanes = hash_lanes,
                                .precision = policy,
                                .rounding_seed = 9,
                                .bucket_bytes = 1,
                                .sharding = way.sharding,
                                .one_pass = way.one_pass});
        session.parameters()[0].value[7] = 1.2345F;
        session.synchronize();
        EXPECT_EQ(wrong_elements(session, seed), 0U);

        for (int s = 0; s < 2; ++s) {
          run_hash_step(session, Precision::bf16);
          EXPECT_EQ(wrong_elements(session, seed), 0U)
              << name_of(way.sharding) << " " << name_of(rounding);
        }
      });
    }
  }
}

TEST(Copy, exists_in_bf16_only) {
  comm::run_ranks(1, [](comm::Communicator& comm) {
    for (const Precision precision : {Precision::f32, Precision::f16}) {
      train::Session session(comm, hash_specs(), optim::make_optimizer("sgd", {}),
                             {.precision = precision});
      EXPECT_TRUE(session.arena().copy().empty());
      EXPECT_EQ(session.memory().copy, 0U);
    }
  });
}

TEST(StochasticRounding, gives_one_hash_on_any_ranks_sharding_and_buckets) {
  const std::uint64_t expected = hash_on(1, stochastic, {}, 4);

  for (const int ranks : {1, 2, 3, 4}) {
    for (const auto sharding :
         {grad::Sharding::none, grad::Sharding::zero1, grad::Sharding::zero2}) {
      for (const std::size_t bytes : {1UL, 1UL << 22}) {
        const HashRun run{.sharding = sharding, .bucket_bytes = bytes};
        EXPECT_EQ(hash_on(ranks, stochastic, run, 4), expected) << describe(stochastic, run, ranks);
      }
    }
  }
}

TEST(StochasticRounding, survives_stops_and_resumptions) {
  const std::uint64_t expected = hash_on(2, stochastic, {}, 6);

  TemporaryDirectory directory;
  hash_on(4, stochastic, {.sharding = grad::Sharding::zero2, .bucket_bytes = 1}, 2,
          directory.path());
  hash_on(3, stochastic, {}, 3, directory.path());

  EXPECT_EQ(hash_on(1, stochastic, {.sharding = grad::Sharding::zero1}, 1, directory.path()),
            expected);
}

TEST(StochasticRounding, differs_from_nearest_and_between_seeds) {
  HashCase nearest = stochastic;
  nearest.rounding_seed = 0;
  HashCase another = stochastic;
  another.rounding_seed = 6;
  const std::uint64_t hash = hash_on(1, stochastic, {}, 2);

  EXPECT_NE(hash, hash_on(1, nearest, {}, 2));
  EXPECT_NE(hash, hash_on(1, another, {}, 2));
}

TEST(StochasticRounding, is_refused_where_there_is_no_copy) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    precision::Policy policy = Precision::f16;
    policy.rounding = precision::Rounding::stochastic;
    const auto start = [&] {
      const train::Session session(comm, hash_specs(), optim::make_optimizer("sgd", {}),
                                   {.lanes = 2, .precision = policy});
    };
    EXPECT_THROW(start(), ConfigError);
  });
}

}  // namespace
}  // namespace rondo::test
