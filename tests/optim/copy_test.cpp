// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// The bf16 copy of the new values, clipping and other things that all rules share.
#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "rondo/optim/sgd.hpp"

#include "optim/parameters.hpp"
#include "support/vector_targets.hpp"

namespace rondo::optim {
namespace {

TEST(Optimizers, may_do_without_a_copy) {
  for (const auto& rule : every_rule()) {
    Parameters with(*rule, random_floats(100, 1));
    Parameters without = with;
    with.grads() = without.grads() = random_floats(100, 2);
    take_step(*rule, with.all(), {.lr = 0.1F});
    UpdateRange range = without.all();
    range.copy = {};
    take_step(*rule, range, {.lr = 0.1F});

    EXPECT_EQ(with.values(), without.values()) << rule->name();
  }
}

TEST(Optimizers, clip_the_scaled_gradient_by_value) {
  for (const auto& rule : every_rule()) {
    Parameters clipping(*rule, random_floats(100, 1));
    Parameters clipped = clipping;
    clipping.grads() = random_floats(100, 2);
    for (std::size_t i = 0; i < 100; ++i)
      clipped.grads()[i] = std::clamp(clipping.grads()[i] * 0.5F, -0.25F, 0.25F);
    take_step(*rule, clipping.all(), {.lr = 0.1F, .grad_scale = 0.5F, .clip_value = 0.25F});
    take_step(*rule, clipped.all(), {.lr = 0.1F});

    EXPECT_EQ(clipping.values(), clipped.values()) << rule->name();
  }
}

TEST(Optimizers, keep_nan_when_they_clip) {
  test::for_each_target([] {
    const Sgd rule({});
    Parameters parameters(rule, {1, 1});
    parameters.grads() = {std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity()};
    rule.update(parameters.all(), {.lr = 0.5F, .clip_value = 1});

    EXPECT_TRUE(std::isnan(parameters.values()[0]));
    EXPECT_EQ(parameters.values()[1], 0.5F);
  });
}

}  // namespace
}  // namespace rondo::optim
