// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/optim/optimizer.hpp"

#include "rondo_bench/optimizer.hpp"
#include "rondo_bench/optimizer_limit.hpp"

namespace rondo::bench {
namespace {

TEST(OptimizerBench, counts_the_bytes_of_every_rule) {
  EXPECT_EQ(bytes_a_parameter("sgd", true), 22U);
  EXPECT_EQ(bytes_a_parameter("adamw", true), 30U);
  EXPECT_EQ(bytes_a_parameter("adamw", false), 28U);
  EXPECT_EQ(bytes_a_parameter("lamb", true), 42U);
  for (const auto rule : optim::optimizer_names())
    EXPECT_GT(bytes_a_parameter(rule, false), 0U) << rule;
  EXPECT_THROW(passes_of("sgdd"), UsageError);
}

TEST(OptimizerBench, verifies_what_it_measures) {
  for (const bool copy : {true, false}) {
    const OptimizerFigures figures =
        measure_optimizer("adamw", {.rows = 256, .columns = 1024, .copy = copy, .repeats = 3});

    EXPECT_EQ(figures.wrong, 0U);
    EXPECT_EQ(figures.count, 256U * 1024U);
    EXPECT_GT(figures.seconds.minimum, 0);
    EXPECT_GT(figures.ratio, 0);
  }
}

}  // namespace
}  // namespace rondo::bench
