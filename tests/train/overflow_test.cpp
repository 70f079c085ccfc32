// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// An overflow in f16 that one rank or one lane sees is an overflow for all, whatever the model.
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rondo/comm/inproc.hpp"
#include "rondo/train/session.hpp"

namespace rondo::train {
namespace {

constexpr std::size_t lanes = 6;
constexpr float infinity = std::numeric_limits<float>::infinity();

/// A model, and what its lanes are like.
struct Scene {
  std::string name;
  std::vector<ParameterSpec> specs;
  std::function<double(std::size_t lane)> weight = [](std::size_t) { return 1.0; };
  /// Whether the lane adds to the gradient of the parameter, and announces it.
  std::function<bool(std::size_t lane, std::size_t parameter)> reaches =
      [](std::size_t, std::size_t) { return true; };
};

std::vector<ParameterSpec> tiny_parameters(std::size_t count) {
  std::vector<ParameterSpec> specs;
  for (std::size_t p = 0; p < count; ++p)
    specs.push_back({fmt::format("p{}", p), {1 + p % 3}});
  return specs;
}

std::vector<Scene> scenes() {
  const auto two = [] { return std::vector<ParameterSpec>{{"a", {700}}, {"b", {900}}}; };
  return {{.name = "one parameter", .specs = {{"only", {5}}}},
          {.name = "tiny parameters", .specs = tiny_parameters(3000)},
          {.name = "zero-weight lanes",
           .specs = two(),
           .weight = [](std::size_t lane) { return lane == 4 ? 1.0 : 0.0; }},
          {.name = "no gradient in a lane",
           .specs = two(),
           .reaches = [](std::size_t lane, std::size_t p) { return p == 0 || lane == 4; }}};
}

/// All lanes of this rank; lane 4 alone adds `bad` to the last element of the last parameter.
StepResult run_step(Session& session, const Scene& scene, float bad) {
  for (std::size_t lane = session.lanes().begin; lane < session.lanes().end; ++lane) {
    const double weight = scene.weight(lane);
    session.begin_lane(lane, weight);
    for (std::size_t p = scene.specs.size(); p-- > 0;) {
      if (!scene.reaches(lane, p)) continue;
      const std::span<float> grad = session.parameters()[p].grad;
      for (float& g : grad)
        g += static_cast<float>(weight) * session.loss_scale();
      if (lane == 4 && p + 1 == scene.specs.size()) grad.back() += bad;
      session.ready(p);
    }
    session.end_lane(weight, 0);
  }
  return session.step(0.5F);
}

class Overflow : public testing::TestWithParam<grad::Sharding> {};

TEST_P(Overflow, in_one_lane_skips_the_step_and_lowers_the_scale_of_all_ranks) {
  for (const Scene& scene : scenes()) {
    for (const int ranks : {1, 2, 3, 6}) {
      comm::run_ranks(
          ranks,
          [&](comm::Communicator& comm) {
            SCOPED_TRACE(fmt::format("{} on {} ranks", scene.name, ranks));
            Session session(comm, scene.specs, optim::make_optimizer("sgd", {}),
                            {.lanes = lanes,
                             .reduction = grad::Reduction::fixed,
                             .precision = Precision::f16,
                             .sharding = GetParam(),
                             .loss_scale = {.initial = 1024, .growth_interval = 2}});

            const StepResult skipped = run_step(session, scene, infinity);
            EXPECT_FALSE(skipped.applied || skipped.bad);
            EXPECT_EQ(session.loss_scale(), 512.0F);
            EXPECT_EQ(session.parameters().back().value.back(), 0.0F);

            EXPECT_TRUE(run_step(session, scene, 0).applied);
            EXPECT_TRUE(run_step(session, scene, 0).applied);
            EXPECT_EQ(session.loss_scale(), 1024.0F);  // two clean steps
            EXPECT_LT(session.parameters().back().value.back(), 0.0F);
          },
          {}, 2);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shardings, Overflow,
                         testing::Values(grad::Sharding::none, grad::Sharding::zero1,
                                         grad::Sharding::zero2),
                         [](const auto& instance) { return std::string(name_of(instance.param)); });

}  // namespace
}  // namespace rondo::train
