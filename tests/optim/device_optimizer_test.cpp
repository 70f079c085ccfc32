// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// What the GPU's optimizers decide without a GPU.
#include "rondo/optim/device_optimizer.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "optim/device_checks.hpp"

namespace rondo::optim {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(DeviceOptimizer, is_the_rule_of_the_cpu) {
  for (const std::string_view name : optimizer_names())
    EXPECT_EQ(DeviceOptimizer(name, {.momentum = 0.5F}).rule().text(),
              make_optimizer(name, {.momentum = 0.5F})->text());
}

TEST(DeviceOptimizer, refuses_what_the_cpu_refuses) {
  EXPECT_THROW(DeviceOptimizer("adamm", {}), ConfigError);
  EXPECT_THROW(DeviceOptimizer("sgd", {.momentum = 2}), ConfigError);
}

/// An arena of so many elements that nobody reads.
struct Spans {
  explicit Spans(std::size_t count) {
    static float memory = 0;
    static bfloat16 copy;
    slots.fill({&memory, count});
    arena = {.values = {&memory, count},
             .grads = DeviceSpan<const float>(&memory, count),
             .slots = slots,
             .copy = {&copy, count}};
  }
  std::array<DeviceSpan<float>, 2> slots;
  DeviceArena arena;
};

TEST(DeviceOptimizer, takes_arenas_that_fit) {
  const DeviceOptimizer adamw("adamw", {});
  const DeviceOptimizer sgd("sgd", {});
  Spans spans(100);
  EXPECT_NO_THROW(require_valid(adamw.rule(), {100}, spans.arena, {}, {}));
  EXPECT_NO_THROW(require_valid(adamw.rule(), {90}, spans.arena, {}, {}));
  spans.slots.fill(spans.slots[0].first(50));
  EXPECT_NO_THROW(
      require_valid(adamw.rule(), {.elements = 100, .held_elements = 50}, spans.arena, {}, {}));
  spans.arena.copy = {};
  spans.arena.slots = {};
  EXPECT_NO_THROW(require_valid(sgd.rule(), {100}, spans.arena, {}, {}));
}

TEST(DeviceOptimizer, refuses_arenas_that_do_not_fit) {
  const DeviceOptimizer adamw("adamw", {});
  const Optimizer& rule = adamw.rule();
  Spans spans(100);
  EXPECT_THROW(require_valid(rule, {101}, spans.arena, {}, {}), UsageError);
  EXPECT_THROW(require_valid(rule, {100}, spans.arena, {.step = 0}, {}), UsageError);
  const std::array<precision::GradientVerdict, 2> verdicts{};
  EXPECT_THROW(require_valid(rule, {100}, spans.arena, {}, {verdicts.data(), 2}), UsageError);

  const auto expect_refusal = [&](auto change) {
    Spans changed(100);
    change(changed);
    EXPECT_THROW(require_valid(rule, {90}, changed.arena, {}, {}), UsageError);
  };
  expect_refusal([](Spans& s) { s.arena.grads = s.arena.grads.first(99); });
  expect_refusal([](Spans& s) { s.arena.copy = s.arena.copy.first(99); });
  expect_refusal([](Spans& s) { s.arena.slots = std::span(s.slots).first(1); });
  expect_refusal([](Spans& s) { s.slots[1] = s.slots[1].first(89); });
}

}  // namespace
}  // namespace rondo::optim
