// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/optim/optimizer.hpp"

namespace rondo::optim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

TEST(MakeOptimizer, makes_every_known_name) {
  for (const auto name : optimizer_names())
    EXPECT_EQ(make_optimizer(name, {})->name(), name);
}

TEST(MakeOptimizer, gives_each_rule_the_slots_it_needs) {
  EXPECT_THAT(make_optimizer("sgd", {})->slot_names(), IsEmpty());
  EXPECT_THAT(make_optimizer("sgd", {.momentum = 0.9F})->slot_names(), ElementsAre("momentum"));
  EXPECT_THAT(make_optimizer("lars", {})->slot_names(), ElementsAre("momentum"));
  EXPECT_THAT(make_optimizer("lion", {})->slot_names(), ElementsAre("mean"));
  for (const auto* const name : {"adam", "adamw", "lamb"})
    EXPECT_THAT(make_optimizer(name, {})->slot_names(), ElementsAre("mean", "square"));
}

TEST(MakeOptimizer, lists_the_known_names_for_an_unknown_one) {
  try {
    make_optimizer("adamm", {});
    FAIL() << "no error";
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(), HasSubstr("unknown optimizer 'adamm'"));
    EXPECT_THAT(e.what(), HasSubstr("choose one of adafactor, adam, adamw, lamb, lars, lion, sgd"));
  }
}

void expect_refused(std::string_view name, const OptimizerOptions& options,
                    const std::string& complaint) {
  try {
    make_optimizer(name, options);
    ADD_FAILURE() << "accepted, expected: " << complaint;
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(), HasSubstr(complaint));
  }
}

TEST(MakeOptimizer, refuses_options_out_of_range_naming_option_and_value) {
  expect_refused("sgd", {.momentum = 1.0F}, "sgd: momentum must be in [0, 1), found 1");
  expect_refused("sgd", {.momentum = -0.1F}, "found -0.1");
  expect_refused("sgd", {.momentum = nan}, "found nan");
  expect_refused("sgd", {.weight_decay = -1.0F}, "sgd: weight decay");
  expect_refused("sgd", {.nesterov = true}, "nesterov needs a momentum");
  expect_refused("adamw", {.beta1 = 1.0F}, "adamw: beta1 must be in [0, 1), found 1");
  expect_refused("adamw", {.beta2 = -0.5F}, "adamw: beta2");
  expect_refused("adamw", {.epsilon = 0.0F}, "adamw: epsilon must be above 0");
  expect_refused("adamw", {.weight_decay = nan}, "adamw: weight decay");
  expect_refused("adam", {.beta2 = 1.0F}, "adam: beta2 must be in [0, 1), found 1");
  expect_refused("lamb", {.beta1 = -1.0F}, "lamb: beta1");
  expect_refused("lion", {.beta2 = nan}, "lion: beta2");
  expect_refused("lars", {.momentum = 1.0F}, "lars: momentum");
  expect_refused("lars", {.trust_coefficient = 0.0F},
                 "lars: trust coefficient must be above 0 and finite, found 0");
  expect_refused("adafactor", {.epsilon = 0.0F}, "adafactor: epsilon");
  expect_refused("adafactor", {.weight_decay = -1.0F}, "adafactor: weight decay");
}

TEST(MakeOptimizer, every_rule_tells_its_options) {
  for (const std::string_view name : optimizer_names()) {
    const std::string text = make_optimizer(name, {})->text();
    EXPECT_THAT(text, HasSubstr(std::string(name) + ", "));
    EXPECT_NE(make_optimizer(name, {.weight_decay = 0.5F})->text(), text);
  }
  EXPECT_EQ(make_optimizer("sgd", {.momentum = 0.5F, .nesterov = true})->text(),
            "sgd, momentum 0.5, nesterov true, weight decay 0");
}

}  // namespace
}  // namespace rondo::optim
