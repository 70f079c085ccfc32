// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "rondo_bench/collective_options.hpp"

namespace rondo::bench {
namespace {

using testing::ElementsAre;

std::vector<std::size_t> counts(const CollectiveOptions& options, int ranks) {
  std::vector<std::size_t> result;
  for (const Shape& shape : shapes_of(options, ranks))
    result.push_back(shape.count);
  return result;
}

TEST(ShapesOf, grow_by_the_factor_up_to_the_greatest_size) {
  EXPECT_THAT(counts({.min_bytes = 8, .max_bytes = 600, .factor = 4}, 2),
              ElementsAre(2, 8, 32, 128));
  EXPECT_THAT(counts({.min_bytes = 8, .max_bytes = SIZE_MAX / 2, .factor = SIZE_MAX / 8}, 2).size(),
              1U);
}

TEST(ShapesOf, have_an_element_at_least_and_none_twice) {
  EXPECT_THAT(counts({.min_bytes = 1, .max_bytes = 16, .factor = 2}, 2), ElementsAre(1, 2, 4));
}

TEST(ShapesOf, are_whole_blocks_where_ranks_have_blocks) {
  EXPECT_THAT(counts({.collective = comm::Collective::allgather,
                      .min_bytes = 8,
                      .max_bytes = 128,
                      .factor = 4},
                     3),
              ElementsAre(3, 6, 30));
}

TEST(RequireConsistent, names_options_that_do_not_fit) {
  EXPECT_THROW(require_consistent({.min_bytes = 9, .max_bytes = 8}, 2), AgreedError);
  EXPECT_THROW(require_consistent({.dtype = DType::f16, .wire = comm::Wire::bf16}, 2), AgreedError);
  EXPECT_THROW(require_consistent({.root = 2}, 2), AgreedError);
  EXPECT_NO_THROW(require_consistent({.root = 1}, 2));
}

TEST(AlgorithmsNamed, are_one_or_all_that_fit) {
  using comm::Algorithm;
  using comm::Collective;
  const comm::Place node{.size = 2, .node_size = 2};

  const auto all = algorithms_named("all", Collective::allreduce, node);

  EXPECT_THAT(algorithms_named("ring", Collective::allreduce, node), ElementsAre(Algorithm::ring));
  EXPECT_EQ(all.front(), Algorithm::automatic);
  EXPECT_THAT(all, testing::Contains(Algorithm::ring));
  EXPECT_THAT(all, testing::Each(testing::Truly([&](Algorithm algorithm) {
                return algorithm == Algorithm::automatic ||
                       comm::fits(algorithm, Collective::allreduce, node);
              })));
}

}  // namespace
}  // namespace rondo::bench
