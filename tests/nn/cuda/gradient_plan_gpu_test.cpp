// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// Needs no GPU, but is part of its code.
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "nn/cuda/gradient_plan.hpp"

namespace rondo::nn::cuda {
namespace {

constexpr auto computes = GradientPlace::own;
constexpr auto passes = GradientPlace::of_output;

/// Runs a plan with names of gradients in place of numbers: a stage's contribution to a value is
/// its number, to a shortcut 100 more, and a sum the set of all contributions.
class Simulation {
 public:
  Simulation(const std::vector<StageValues>& stages, const GradientPlan& plan)
      : stages_(stages), plan_(plan), buffers_(plan.buffers.size()) {
    const StageGradients& last = plan.stages.back();
    buffers_.at(last.output.value()) = {static_cast<int>(stages.size())};
    for (std::size_t i = stages.size(); i > 0; --i)
      run(i - 1);
  }

  /// What stage `i` found as the gradient of its output.
  const std::multiset<int>& output_of(std::size_t i) const { return outputs_.at(i); }

 private:
  void run(std::size_t i) {
    const StageGradients& gradients = plan_.stages[i];
    if (!gradients.output) return;
    outputs_[i] = buffers_[*gradients.output];
    if (gradients.source && stages_[i].source_gradient == GradientPlace::own)
      buffers_[*gradients.source] = {static_cast<int>(i)};
    if (gradients.shortcut && stages_[i].shortcut_gradient == GradientPlace::own)
      buffers_[*gradients.shortcut] = {100 + static_cast<int>(i)};
    for (const GradientSum& sum : gradients.sums) {
      std::multiset<int> both = buffers_[sum.a];
      both.insert(buffers_[sum.b].begin(), buffers_[sum.b].end());
      buffers_[sum.sum] = both;
    }
  }

  std::vector<StageValues> stages_;
  GradientPlan plan_;
  std::vector<std::multiset<int>> buffers_;
  std::map<std::size_t, std::multiset<int>> outputs_;
};

using Names = std::multiset<int>;

TEST(GradientPlan, needs_two_buffers_for_a_chain) {
  const std::vector<StageValues> stages{
      {0, {}, 1, computes}, {1, {}, 2, computes}, {2, {}, 3, computes}, {3, {}, 4, computes}};
  const std::vector<std::size_t> elements{10, 20, 30, 40, 5};

  const GradientPlan plan = plan_gradients(stages, elements, {false, true, true, true, true});

  EXPECT_EQ(plan.buffers.size(), 2U);
  EXPECT_FALSE(plan.stages[0].source);
  const Simulation simulation(stages, plan);
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(simulation.output_of(static_cast<std::size_t>(i)), (Names{i + 1}));
}

TEST(GradientPlan, makes_buffers_as_large_as_what_is_in_them) {
  const std::vector<StageValues> stages{
      {0, {}, 1, computes}, {1, {}, 2, computes}, {2, {}, 3, computes}};
  const std::vector<std::size_t> elements{1000, 20, 30, 5};

  const GradientPlan plan = plan_gradients(stages, elements, {false, true, true, true});

  EXPECT_GE(plan.buffers.at(plan.stages[1].output.value()), 30U);
  EXPECT_GE(plan.buffers.at(plan.stages[0].output.value()), 20U);
  EXPECT_LT(plan.buffers[0] + plan.buffers[1], 1000U);
}

TEST(GradientPlan, stops_where_nobody_wants_a_gradient) {
  const std::vector<StageValues> stages{
      {0, {}, 1, computes}, {1, {}, 2, computes}, {2, {}, 3, computes}};
  const std::vector<std::size_t> elements{1, 1, 1, 1};

  const GradientPlan plan = plan_gradients(stages, elements, {false, false, true, true});

  EXPECT_TRUE(plan.stages[1].output);
  EXPECT_FALSE(plan.stages[1].source);
  EXPECT_FALSE(plan.stages[0].output);
}

// Stage 0 makes the value that the branch (1, 2) and the Add (3) read.
TEST(GradientPlan, adds_what_a_branch_and_its_shortcut_give) {
  const std::vector<StageValues> stages{{0, {}, 1, computes},
                                        {1, {}, 2, computes},
                                        {2, {}, 3, computes},
                                        {3, 1, 4, passes},
                                        {4, {}, 5, computes}};
  const std::vector<std::size_t> elements{1, 1, 1, 1, 1, 1};

  const GradientPlan plan = plan_gradients(stages, elements, {false, true, true, true, true, true});

  const Simulation simulation(stages, plan);
  EXPECT_EQ(simulation.output_of(2), (Names{4}));
  EXPECT_EQ(simulation.output_of(1), (Names{2}));
  EXPECT_EQ(simulation.output_of(0), (Names{4, 1}));
  EXPECT_LE(plan.buffers.size(), 3U);
}

// An Add with a ReLU behind it computes its gradient; the shortcut has a stage (3) of its own.
TEST(GradientPlan, adds_what_a_branch_and_a_projection_give) {
  const std::vector<StageValues> stages{{0, {}, 1, computes}, {1, {}, 2, computes},
                                        {2, {}, 3, computes}, {1, {}, 4, computes},
                                        {3, 4, 5, computes},  {5, {}, 6, computes}};
  const std::vector<std::size_t> elements(7, 1);

  const GradientPlan plan =
      plan_gradients(stages, elements, {false, true, true, true, true, true, true});

  const Simulation simulation(stages, plan);
  EXPECT_EQ(simulation.output_of(4), (Names{5}));
  EXPECT_EQ(simulation.output_of(3), (Names{4}));
  EXPECT_EQ(simulation.output_of(2), (Names{4}));
  EXPECT_EQ(simulation.output_of(0), (Names{3, 1}));
  EXPECT_EQ(plan.buffers.size(), 3U);
}

// Stage 2 is a BatchNorm with the Add behind it; with a ReLU as well both summands have gradients
// of their own.
TEST(GradientPlan, gives_summands_of_one_stage_their_own_gradients) {
  for (const GradientPlace shortcut : {computes, passes}) {
    const std::vector<StageValues> stages{{0, {}, 1, computes},
                                          {1, {}, 2, computes},
                                          {2, 1, 4, computes, shortcut},
                                          {4, {}, 5, computes}};
    const std::vector<std::size_t> elements(6, 1);

    const GradientPlan plan =
        plan_gradients(stages, elements, {false, true, true, true, true, true});

    const Simulation simulation(stages, plan);
    EXPECT_EQ(simulation.output_of(1), (Names{2}));
    EXPECT_EQ(simulation.output_of(0), (Names{shortcut == computes ? 102 : 3, 1}));
    EXPECT_LE(plan.buffers.size(), 3U);
  }
}

TEST(GradientPlan, keeps_a_place_of_its_own_for_a_shortcut_that_nobody_wants) {
  const std::vector<StageValues> stages{{0, 0, 2, computes, computes}, {2, {}, 3, computes}};
  const std::vector<std::size_t> elements(4, 1);

  const GradientPlan plan = plan_gradients(stages, elements, {false, true, true, true});

  EXPECT_FALSE(plan.stages[0].source);
  EXPECT_TRUE(plan.stages[0].shortcut);
}

// Two residuals begin at value 1 and end one behind the other.
TEST(GradientPlan, adds_one_gradient_twice_where_two_shortcuts_end) {
  const std::vector<StageValues> stages{{0, {}, 1, computes},
                                        {1, {}, 2, computes},
                                        {2, 1, 3, passes},
                                        {3, 1, 4, passes},
                                        {4, {}, 5, computes}};
  const std::vector<std::size_t> elements(6, 1);

  const GradientPlan plan = plan_gradients(stages, elements, {false, true, true, true, true, true});

  const Simulation simulation(stages, plan);
  EXPECT_EQ(simulation.output_of(2), (Names{4}));
  EXPECT_EQ(simulation.output_of(1), (Names{4}));
  EXPECT_EQ(simulation.output_of(0), (Names{4, 4, 1}));
}

}  // namespace
}  // namespace rondo::nn::cuda
