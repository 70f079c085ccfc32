// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include "rondo_bench/collective_report.hpp"

namespace rondo::bench {
namespace {

using comm::Algorithm;

Figures figures(Algorithm algorithm, std::size_t bytes, double seconds, double peer_ratio = 1) {
  return {.shape = {.dtype = DType::u8, .ranks = 2, .count = bytes},
          .algorithm = algorithm,
          .seconds = {.median = seconds},
          .peer = Reference{.seconds = 1, .ratio = peer_ratio}};
}

TEST(JudgeChoice, compares_auto_with_the_best_of_the_others_at_each_size) {
  const auto choice = judge_choice(
      std::vector{figures(Algorithm::automatic, 8, 2, 4), figures(Algorithm::ring, 8, 3),
                  figures(Algorithm::shared, 8, 1), figures(Algorithm::automatic, 64, 4, 3),
                  figures(Algorithm::ring, 64, 16)});

  ASSERT_TRUE(choice);
  EXPECT_DOUBLE_EQ(choice->mean, 1.4142135623730951);
  EXPECT_DOUBLE_EQ(choice->worst, 0.5);
  EXPECT_EQ(choice->worst_bytes, 8U);
  EXPECT_DOUBLE_EQ(choice->worst_peer, 3);
  EXPECT_EQ(choice->worst_peer_bytes, 64U);
}

TEST(JudgeChoice, says_nothing_without_auto_or_without_others) {
  EXPECT_FALSE(judge_choice({}));
  EXPECT_FALSE(judge_choice(std::vector{figures(Algorithm::automatic, 8, 1)}));
  EXPECT_FALSE(judge_choice(std::vector{figures(Algorithm::ring, 8, 1)}));
}

}  // namespace
}  // namespace rondo::bench
