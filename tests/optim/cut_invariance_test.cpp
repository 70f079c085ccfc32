// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Any cut of the arena and any CPU must give the same bits.
#include <algorithm>
#include <optional>
#include <random>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "optim/parameters.hpp"
#include "support/vector_targets.hpp"

namespace rondo::optim {
namespace {

using Cuts = std::vector<std::size_t>;

constexpr std::size_t matrix_elements = 43 * 59;
const Shape matrix{43, 59};
/// What the sums are measured on, wherever the arena is cut.
const Cuts pieces{0, 1000, 1001, 2048, matrix_elements};

StepContext context_of(unsigned step) {
  StepContext context{.step = step, .lr = 0.013F, .grad_scale = 0.7F, .clip_value = 1.5F};
  if (step % 2 == 0) context.rounding_seed = 99;
  return context;
}

SquareSums measure(const Optimizer& rule, Parameters& parameters, const StepContext& context) {
  SquareSums sums;
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i)
    sums = sums + rule.measure(parameters.range(pieces[i], pieces[i + 1] - pieces[i]), context);
  return sums;
}

/// Three steps, each over the ranges between neighbouring `cuts` (which include both ends).
Parameters train(const Optimizer& rule, const Cuts& cuts) {
  Parameters parameters(rule, random_floats(matrix_elements, 1), matrix);
  for (unsigned step = 1; step <= 3; ++step) {
    parameters.grads() = random_floats(matrix_elements, 10 + step);
    const StepContext context = context_of(step);
    if (rule.scope() == Scope::parameter) {
      rule.update(parameters.all(), context);
      continue;
    }
    const SquareSums sums = measure(rule, parameters, context);
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      UpdateRange range = parameters.range(cuts[i], cuts[i + 1] - cuts[i]);
      range.sums = sums;
      rule.update(range, context);
    }
  }
  return parameters;
}

Cuts random_cuts(std::mt19937& random) {
  std::uniform_int_distribution<std::size_t> anywhere(0, matrix_elements);
  Cuts cuts{0, matrix_elements};
  for (int i = 0; i < 20; ++i)
    cuts.push_back(anywhere(random));
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

TEST(Optimizers, give_the_same_bits_however_the_arena_is_cut) {
  Cuts single_elements(matrix_elements + 1);
  for (std::size_t i = 0; i <= matrix_elements; ++i)
    single_elements[i] = i;
  std::mt19937 random(3);
  for (const auto& rule : every_rule()) {
    const Parameters whole = train(*rule, {0, matrix_elements});

    EXPECT_TRUE(train(*rule, single_elements) == whole) << rule->name();
    EXPECT_TRUE(train(*rule, {0, 1, 4, 9, 16, 31, 64, 129, 258, 515, matrix_elements}) == whole);
    for (int round = 0; round < 10; ++round)
      EXPECT_TRUE(train(*rule, random_cuts(random)) == whole) << rule->name();
  }
}

TEST(Optimizers, give_the_same_bits_on_every_instruction_set) {
  for (const auto& rule : every_rule()) {
    std::optional<Parameters> first;
    std::mt19937 random(4);
    test::for_each_target([&] {
      const Parameters result = train(*rule, random_cuts(random));
      if (!first) first = result;
      EXPECT_TRUE(result == *first) << rule->name();
    });
  }
}

TEST(Optimizers, change_every_element) {
  for (const auto& rule : every_rule()) {
    const std::vector<float> before = random_floats(matrix_elements, 1);
    Parameters after = train(*rule, {0, matrix_elements});
    for (std::size_t i = 0; i < matrix_elements; ++i)
      ASSERT_NE(after.values()[i], before[i]) << rule->name() << ", element " << i;
  }
}

TEST(Optimizers, accept_an_empty_range) {
  for (const auto& rule : every_rule()) {
    Parameters none(*rule, {});

    EXPECT_NO_THROW(take_step(*rule, none.all(), {.lr = 0.1F})) << rule->name();
  }
}

/// The rule must refuse what `spoil` makes of a range, and leave everything as it was.
template <class Spoil>
void expect_refused(const Optimizer& rule, Spoil spoil) {
  Parameters parameters(rule, {1, 2, 3});
  parameters.grads() = {1, 1, 1};
  const Parameters before = parameters;
  UpdateRange range = parameters.all();
  StepContext context{.lr = 0.1F};
  std::vector<std::span<float>> slots(range.slots.begin(), range.slots.end());
  spoil(range, context, slots);
  range.slots = slots;

  EXPECT_THROW(rule.update(range, context), UsageError) << rule.name();
  if (rule.scope() == Scope::norms) {
    EXPECT_THROW(rule.measure(range, context), UsageError) << rule.name();
  }
  EXPECT_TRUE(parameters == before) << rule.name();
}

TEST(Optimizers, refuse_ranges_that_do_not_fit_before_changing_any) {
  for (const auto& rule : every_rule()) {
    expect_refused(*rule, [](auto& range, auto&, auto&) { range.grad = range.grad.first(2); });
    expect_refused(*rule, [](auto& range, auto&, auto&) { range.copy = range.copy.first(2); });
    expect_refused(*rule, [](auto& range, auto&, auto& slots) { slots.push_back(range.value); });
    expect_refused(*rule, [](auto&, auto& context, auto&) { context.step = 0; });
    if (!rule->slot_names().empty())
      expect_refused(*rule,
                     [](auto&, auto&, auto& slots) { slots.back() = slots.back().first(1); });
    if (rule->scope() == Scope::parameter)
      expect_refused(*rule, [](auto& range, auto&, auto&) { range.shape = nullptr; });
  }
}

}  // namespace
}  // namespace rondo::optim
