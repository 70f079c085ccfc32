// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/optim/adamw.hpp"
#include "rondo/optim/sgd.hpp"

#include "optim/parameters.hpp"

namespace rondo::optim {
namespace {

constexpr std::size_t count = 1009;

std::vector<std::unique_ptr<Optimizer>> every_rule() {
  std::vector<std::unique_ptr<Optimizer>> rules;
  rules.push_back(std::make_unique<Sgd>(Sgd::Options{.weight_decay = 0.01F}));
  rules.push_back(std::make_unique<Sgd>(Sgd::Options{.momentum = 0.9F, .weight_decay = 0.01F}));
  rules.push_back(std::make_unique<Sgd>(
      Sgd::Options{.momentum = 0.9F, .nesterov = true, .weight_decay = 0.01F}));
  rules.push_back(std::make_unique<AdamW>(AdamW::Options{.weight_decay = 0.01F}));
  return rules;
}

/// Three steps, each over the ranges between neighbouring `cuts` (which include both ends).
Parameters train(const Optimizer& optimizer, const std::vector<std::size_t>& cuts) {
  Parameters parameters(optimizer, random_floats(count, 1));
  for (unsigned step = 1; step <= 3; ++step) {
    parameters.grads() = random_floats(count, 10 + step);
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i)
      optimizer.update(parameters.range(cuts[i], cuts[i + 1] - cuts[i]),
                       {.step = step, .lr = 0.013F, .grad_scale = 0.7F});
  }
  return parameters;
}

std::vector<std::size_t> random_cuts(std::mt19937& random) {
  std::uniform_int_distribution<std::size_t> anywhere(0, count);
  std::vector<std::size_t> cuts{0, count};
  for (int i = 0; i < 20; ++i)
    cuts.push_back(anywhere(random));
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

TEST(Optimizers, give_the_same_bits_however_the_arena_is_cut) {
  std::vector<std::size_t> single_elements(count + 1);
  for (std::size_t i = 0; i <= count; ++i)
    single_elements[i] = i;
  std::mt19937 random(3);
  for (const auto& rule : every_rule()) {
    const Parameters whole = train(*rule, {0, count});

    EXPECT_TRUE(train(*rule, single_elements) == whole) << rule->name();
    EXPECT_TRUE(train(*rule, {0, 1, 4, 9, 16, 31, 64, 129, 258, 515, count}) == whole);
    for (int round = 0; round < 20; ++round)
      EXPECT_TRUE(train(*rule, random_cuts(random)) == whole) << rule->name();
  }
}

TEST(Optimizers, accept_an_empty_range) {
  for (const auto& rule : every_rule()) {
    Parameters none(*rule, {});

    EXPECT_NO_THROW(rule->update(none.all(), {.lr = 0.1F})) << rule->name();
  }
}

TEST(Optimizers, refuse_spans_of_different_lengths_before_changing_any) {
  for (const auto& rule : every_rule()) {
    Parameters parameters(*rule, {1, 2, 3});
    parameters.grads() = {1, 1, 1};
    const Parameters before = parameters;

    UpdateRange short_gradient = parameters.all();
    short_gradient.grad = short_gradient.grad.first(2);
    EXPECT_THROW(rule->update(short_gradient, {.lr = 0.1F}), UsageError);

    UpdateRange extra_slot = parameters.all();
    std::vector<std::span<float>> slots(extra_slot.slots.begin(), extra_slot.slots.end());
    slots.push_back(extra_slot.value);
    extra_slot.slots = slots;
    EXPECT_THROW(rule->update(extra_slot, {.lr = 0.1F}), UsageError);

    std::vector<bfloat16> copy(2);
    UpdateRange short_copy = parameters.all();
    short_copy.copy = copy;
    EXPECT_THROW(rule->update(short_copy, {.lr = 0.1F}), UsageError);

    slots.pop_back();
    if (!slots.empty()) {
      UpdateRange short_slot = parameters.all();
      slots.back() = slots.back().first(1);
      short_slot.slots = slots;
      EXPECT_THROW(rule->update(short_slot, {.lr = 0.1F}), UsageError);
    }
    EXPECT_TRUE(parameters == before);
  }
}

}  // namespace
}  // namespace rondo::optim
