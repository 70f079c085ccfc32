// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/select.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"

namespace rondo::comm {
namespace {

using testing::HasSubstr;

constexpr Place four_apart{.size = 4, .nodes = 4};

Call allreduce_of(std::size_t bytes, DType dtype = DType::f32) {
  static const std::vector<std::byte> memory(std::size_t{1} << 20);
  const std::span<const std::byte> input(memory.data(), bytes);  // only its length is looked at
  return {.collective = Collective::allreduce, .dtype = dtype, .input = input};
}

/// A table of `rules`, in front of the built-in one.
std::shared_ptr<const Tuning> tuning_of(std::vector<TuningRule> rules) {
  return std::make_shared<const Tuning>(Tuning{.rules = std::move(rules), .origin = "test.json"});
}

TuningRule rule(std::size_t max_bytes, CountRange ranks = {}) {
  return {.algorithm = Algorithm::ring, .ranks = ranks, .max_bytes = max_bytes};
}

std::size_t rule_for(const Selector& selector, const Call& call) {
  const Choice choice = selector.choose(call);
  EXPECT_EQ(choice.reason, Choice::Reason::measured_rule);
  return choice.rule;
}

TEST(Selector, takes_the_first_rule_that_holds) {
  const Selector selector(tuning_of({rule(100, {5, 9}), rule(1000), rule(4000)}), four_apart);

  EXPECT_EQ(rule_for(selector, allreduce_of(100)), 1U);
  EXPECT_EQ(rule_for(selector, allreduce_of(1000)), 1U);
  EXPECT_EQ(rule_for(selector, allreduce_of(1004)), 2U);
  EXPECT_EQ(selector.choose(allreduce_of(4004)).reason, Choice::Reason::built_in_rule);
}

TEST(Selector, asks_for_nodes_and_dtype_too) {
  TuningRule one_node = rule(1000);
  one_node.nodes = {1, 1};
  TuningRule bf16 = rule(1000);
  bf16.dtype = DType::bf16;
  const Selector selector(tuning_of({one_node, bf16, rule(1000)}), four_apart);

  EXPECT_EQ(rule_for(selector, allreduce_of(8)), 2U);
  EXPECT_EQ(rule_for(selector, allreduce_of(8, DType::bf16)), 1U);
}

TEST(Selector, skips_a_rule_whose_algorithm_does_not_fit) {
  TuningRule shared = rule(1000);
  shared.algorithm = Algorithm::shared;
  const Selector selector(tuning_of({shared, rule(1000)}), four_apart);

  EXPECT_EQ(rule_for(selector, allreduce_of(8)), 1U);
}

TEST(Selector, the_built_in_table_serves_every_collective_everywhere) {
  for (const int size : {1, 2, 3, 4, 5, 8, 9, 16, 17, 64, 65, 256, 257, 100'000}) {
    for (const int nodes : {1, 2, size / 2, size}) {
      const Place place{.size = size, .nodes = std::clamp(nodes, 1, size)};
      const Selector selector(nullptr, place);
      for (std::uint8_t kind = 0; kind <= 5; ++kind) {
        for (const std::size_t bytes : {0UL, 8UL, 1UL << 10, 1UL << 20}) {
          Call call = allreduce_of(bytes);
          call.collective = static_cast<Collective>(kind);

          const Algorithm algorithm = selector.choose(call).algorithm;

          EXPECT_TRUE(fits(algorithm, call.collective, place)) << selector.explain(call);
        }
      }
    }
  }
}

TEST(Selector, the_first_algorithm_of_a_collective_fits_everywhere) {
  for (std::uint8_t kind = 0; kind <= 5; ++kind) {
    const auto collective = static_cast<Collective>(kind);
    const Algorithm first = algorithms_of(collective).front();
    EXPECT_TRUE(fits(first, collective, {.size = 6, .nodes = 1}));
    EXPECT_TRUE(fits(first, collective, {.size = 6, .nodes = 3}));
    EXPECT_TRUE(fits(first, collective, {.size = 6, .nodes = 6}));
  }
}

TEST(Selector, takes_one_shot_while_all_inputs_together_are_short) {
  const Tuning tuning{.transport = {.one_shot_bytes = 4096}};
  const Selector selector(std::make_shared<const Tuning>(tuning), four_apart);

  EXPECT_EQ(selector.choose(allreduce_of(1024)).algorithm, Algorithm::one_shot);
  EXPECT_NE(selector.choose(allreduce_of(1028)).algorithm, Algorithm::one_shot);
  Call broadcast = allreduce_of(4096);
  broadcast.collective = Collective::broadcast;
  EXPECT_EQ(selector.choose(broadcast).algorithm, Algorithm::one_shot);
  EXPECT_THAT(selector.explain(allreduce_of(8)), HasSubstr("inputs of 4 KiB together at most"));
}

TEST(Selector, explains_in_one_line) {
  const Selector selector(tuning_of({rule(4096, {2, 8})}), four_apart);

  EXPECT_EQ(selector.explain(allreduce_of(4096)),
            "allreduce f32 4 KiB, 4 ranks on 4 nodes: ring (rule 1 of test.json: 2 to 8 ranks, "
            "up to 4 KiB)");
  EXPECT_EQ(Selector(nullptr, {}).explain(allreduce_of(12)),
            "allreduce f32 12 bytes, 1 rank on 1 node: ring (nothing to exchange)");
  EXPECT_THAT(selector.explain({.collective = Collective::broadcast}),
              HasSubstr("broadcast 0 bytes, 4 ranks on 4 nodes: one_shot (rule "));
}

TEST(Selector, a_request_is_granted_or_refused_with_what_fits) {
  const Selector selector(nullptr, four_apart);
  Call call = allreduce_of(8);
  call.options.algorithm = Algorithm::ring;
  EXPECT_EQ(selector.choose(call).algorithm, Algorithm::ring);
  EXPECT_THAT(selector.explain(call), HasSubstr("ring (as the call asks)"));

  call.options.algorithm = Algorithm::shared;
  try {
    selector.choose(call);
    ADD_FAILURE() << "no error";
  } catch (const UsageError& e) {
    EXPECT_THAT(e.what(), HasSubstr("allreduce cannot go by shared with 4 ranks on 4 nodes"));
    EXPECT_THAT(e.what(), HasSubstr("choose ring, "));
    EXPECT_THAT(e.what(), testing::Not(HasSubstr("hierarchical")));
  }
}

TEST(Communicator, refuses_an_algorithm_that_does_not_fit_before_anything_is_sent) {
  run_ranks(2, [](Communicator& comm) {
    std::vector<float> data(8, 1.5F);
    const CallOptions options{.algorithm = Algorithm::shared};
    EXPECT_THROW(allreduce(comm, std::span<float>(data), ReduceOp::sum, options), UsageError);

    allreduce(comm, std::span<float>(data), ReduceOp::sum);
    EXPECT_EQ(data, std::vector<float>(8, 3.0F));
  });
}

TEST(Communicator, explains_by_the_tuning_of_its_options) {
  const auto tuning = tuning_of({rule(1000)});
  run_ranks(2,
            [](Communicator& comm) {
              EXPECT_THAT(comm.explain(allreduce_of(8)), HasSubstr("rule 1 of test.json"));
              EXPECT_THAT(comm.split(0, 0)->explain(allreduce_of(8)),
                          HasSubstr("rule 1 of test.json"));
            },
            {.tuning = tuning});
}

}  // namespace
}  // namespace rondo::comm
