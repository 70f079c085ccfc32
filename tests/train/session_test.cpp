// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/train/session.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/base/philox.hpp"
#include "rondo/comm/inproc.hpp"

namespace rondo::train {
namespace {

using testing::HasSubstr;

/// w <- w - lr * grad * scale; no slots. Keeps the arithmetic of the tests in the head.
class PlainDescent final : public optim::Optimizer {
 public:
  std::string_view name() const noexcept override { return "plain"; }
  std::span<const std::string_view> slot_names() const noexcept override { return {}; }
  void update(const optim::UpdateRange& range, const optim::StepContext& context) const override {
    for (std::size_t i = 0; i < range.value.size(); ++i)
      range.value[i] -= context.lr * (range.grad[i] * context.grad_scale);
  }
};

std::vector<ParameterSpec> specs() {
  return {{"w", {3}}, {"mean", {1}, ParameterRole::statistic}};
}

/// A lane of `weight` whose gradient is weight * value for every element.
void run_lane(Session& session, std::size_t lane, double weight, float value) {
  session.begin_lane(lane, weight);
  const auto scale = static_cast<float>(weight) * session.loss_scale();
  for (float& g : session.parameters()[0].grad)
    g += scale * value;
  session.parameters()[1].grad[0] += static_cast<float>(weight) * value;
  session.ready(1);
  session.ready(0);
  session.end_lane(2 * weight, weight);
}

TEST(Session, divides_once_by_the_weight_of_all_lanes) {
  for (const int ranks : {1, 2, 3}) {
    comm::run_ranks(ranks, [](comm::Communicator& comm) {
      Session session(comm, specs(), std::make_unique<PlainDescent>(), {.lanes = 3});
      // Weights 1, 2, 0 and values 3, 6, 100: the weighted mean is (1*3 + 2*6) / 3 = 5.
      const double weights[] = {1, 2, 0};
      const float values[] = {3, 6, 100};

      for (std::size_t lane = session.lanes().begin; lane < session.lanes().end; ++lane)
        run_lane(session, lane, weights[lane], values[lane]);
      const StepResult result = session.step(0.5F);

      EXPECT_EQ(result.weight, 3);
      EXPECT_EQ(result.loss, 2);
      EXPECT_EQ(result.accuracy, 1);
      EXPECT_TRUE(result.applied);
      EXPECT_FLOAT_EQ(session.parameters()[0].value[0], -0.5F * 5);
      EXPECT_FLOAT_EQ(session.parameters()[1].value[0], 0.1F * 5);
    });
  }
}

TEST(Session, a_wish_to_stop_of_one_rank_is_told_to_all) {
  comm::run_ranks(3, [](comm::Communicator& comm) {
    Session session(comm, specs(), std::make_unique<PlainDescent>(), {.lanes = 3});
    run_lane(session, session.lanes().begin, 1, 1);

    EXPECT_TRUE(session.step(0.1F, comm.rank() == 1).stop);

    run_lane(session, session.lanes().begin, 1, 1);
    EXPECT_FALSE(session.step(0.1F).stop);
  });
}

TEST(Session, non_finite_gradient_on_one_rank_stops_all_and_changes_nothing) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    Session session(comm, specs(), std::make_unique<PlainDescent>(), {.lanes = 2});
    const float value = comm.rank() == 1 ? std::numeric_limits<float>::quiet_NaN() : 1.0F;
    run_lane(session, session.lanes().begin, 1, value);

    try {
      session.step(0.1F);
      ADD_FAILURE() << "no error";
    } catch (const AgreedError& e) {
      EXPECT_THAT(e.what(), HasSubstr("'w'"));
      EXPECT_EQ(e.code(), ExitCode::numeric_failure);
    }
    EXPECT_EQ(session.parameters()[0].value[0], 0);
  });
}

TEST(Session, a_bad_step_can_be_skipped_and_is_counted) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    Session session(
        comm, specs(), std::make_unique<PlainDescent>(),
        {.lanes = 2, .bad_step = BadStep::skip, .health = {.z_score = 4, .window = 3, .least = 3}});
    const auto step = [&](float value) {
      run_lane(session, session.lanes().begin, 1, value);
      return session.step(0.5F);
    };
    for (int i = 0; i < 3; ++i)
      EXPECT_TRUE(step(1).applied);
    const float before = session.parameters()[0].value[0];

    const StepResult outlier = step(100);
    const StepResult broken =
        step(comm.rank() == 0 ? std::numeric_limits<float>::infinity() : 1.0F);

    EXPECT_TRUE(outlier.bad && !outlier.applied);
    EXPECT_TRUE(broken.bad && !broken.applied);
    EXPECT_EQ(session.parameters()[0].value[0], before);
    EXPECT_EQ(session.bad_steps(), 2U);
    EXPECT_EQ(session.applied_steps(), 3U);
  });
}

TEST(Session, going_on_applies_outliers_but_nothing_that_is_not_finite) {
  comm::run_ranks(1, [](comm::Communicator& comm) {
    Session session(
        comm, specs(), std::make_unique<PlainDescent>(),
        {.bad_step = BadStep::keep_going, .health = {.z_score = 4, .window = 2, .least = 2}});
    const auto step = [&](float value) {
      run_lane(session, 0, 1, value);
      return session.step(0.5F);
    };
    step(1);
    step(1);

    EXPECT_TRUE(step(100).applied);
    EXPECT_FALSE(step(std::numeric_limits<float>::quiet_NaN()).applied);
    EXPECT_EQ(session.bad_steps(), 2U);
  });
}

TEST(Session, f16_that_overflows_at_the_least_scale_is_a_bad_step) {
  comm::run_ranks(1, [](comm::Communicator& comm) {
    Session session(comm, specs(), std::make_unique<PlainDescent>(),
                    {.precision = Precision::f16, .loss_scale = {.initial = 2, .min = 1}});
    run_lane(session, 0, 1, std::numeric_limits<float>::infinity());
    EXPECT_FALSE(session.step(0.5F).bad);

    run_lane(session, 0, 1, std::numeric_limits<float>::infinity());
    EXPECT_THROW(session.step(0.5F), AgreedError);
  });
}

TEST(Session, clips_the_mean_gradient_by_norm_and_then_by_value) {
  for (const auto sharding : {grad::Sharding::none, grad::Sharding::zero2}) {
    comm::run_ranks(2, [&](comm::Communicator& comm) {
      Session session(comm, specs(), std::make_unique<PlainDescent>(),
                      {.lanes = 2, .sharding = sharding, .clip_norm = std::sqrt(3.0)});
      run_lane(session, session.lanes().begin, 2, 10);
      const StepResult clipped = session.step(0.5F);
      run_lane(session, session.lanes().begin, 2, 0.5F);
      const StepResult unclipped = session.step(0.5F);

      EXPECT_TRUE(clipped.clipped);
      EXPECT_NEAR(clipped.grad_norm, std::sqrt(300.0), 1e-12);
      EXPECT_EQ(session.grad_norm(0), unclipped.grad_norm);
      EXPECT_EQ(session.grad_norm(1), 0.5);
      EXPECT_FALSE(unclipped.clipped);
      // A length of sqrt(3) is 1 for each of three elements.
      EXPECT_FLOAT_EQ(session.parameters()[0].value[0], -0.5F * 1 - 0.5F * 0.5F);
      EXPECT_FLOAT_EQ(session.parameters()[1].value[0], 0.9F * 1.0F + 0.1F * 0.5F);
    });
  }
}

TEST(Session, keeps_the_norms_of_the_last_step_until_the_next) {
  comm::run_ranks(1, [](comm::Communicator& comm) {
    Session session(comm, specs(), std::make_unique<PlainDescent>(), {});
    EXPECT_EQ(session.grad_norm(1), 0);
    run_lane(session, 0, 2, 0.5F);
    session.step(0.5F);

    run_lane(session, 0, 0, 7);
    EXPECT_EQ(session.grad_norm(1), 0.5);
    session.step(0.5F);
    EXPECT_EQ(session.grad_norm(1), 0) << "a step without weight has no mean";
  });
}

TEST(Session, weights_too_small_to_divide_by_are_refused) {
  comm::run_ranks(1, [](comm::Communicator& comm) {
    Session session(comm, specs(), std::make_unique<PlainDescent>(), {});
    run_lane(session, 0, 1e-40, 1);

    EXPECT_THROW(session.step(0.5F), UsageError);
  });
}

TEST(Session, memory_of_gradients_that_were_given_back_is_not_counted) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    Session session(comm, specs(), std::make_unique<PlainDescent>(),
                    {.lanes = 2, .sharding = grad::Sharding::zero2});
    EXPECT_GT(session.memory().gradients, 0U);
    run_lane(session, session.lanes().begin, 1, 1);
    session.step(0.5F);

    EXPECT_EQ(session.memory().gradients, 0U);
  });
}

TEST(Session, refuses_bounds_and_shardings_that_cannot_work) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    const auto start = [&](const char* optimizer, const Session::Options& options) {
      const Session session(comm, specs(), optim::make_optimizer(optimizer, {}), options);
    };
    EXPECT_THROW(start("sgd", {.lanes = 2, .clip_norm = 0}), ConfigError);
    EXPECT_THROW(start("sgd", {.lanes = 2, .clip_value = -1}), ConfigError);
    EXPECT_THROW(start("adafactor", {.lanes = 2, .sharding = grad::Sharding::zero1}), ConfigError);
  });
}

TEST(Session, f16_overflow_on_one_rank_skips_the_step_and_lowers_the_scale_on_all) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    Session session(comm, specs(), std::make_unique<PlainDescent>(),
                    {.lanes = 2, .precision = Precision::f16});
    const float before = session.loss_scale();
    const float value = comm.rank() == 0 ? std::numeric_limits<float>::infinity() : 1.0F;
    run_lane(session, session.lanes().begin, 1, value);

    const StepResult skipped = session.step(0.1F);
    EXPECT_FALSE(skipped.applied);
    EXPECT_LT(session.loss_scale(), before);
    EXPECT_EQ(session.applied_steps(), 0U);
    EXPECT_EQ(session.parameters()[0].value[0], 0);

    run_lane(session, session.lanes().begin, 1, 1);
    EXPECT_TRUE(session.step(0.5F).applied);
    EXPECT_FLOAT_EQ(session.parameters()[0].value[0], -0.5F);
  });
}

TEST(Session, ranks_with_different_models_are_refused_with_all_differences) {
  comm::run_ranks(3, [](comm::Communicator& comm) {
    auto mine = specs();
    if (comm.rank() == 1) mine[0].shape = {4};
    if (comm.rank() == 1) mine[1].name = "average";
    if (comm.rank() == 2) mine.push_back({"more", {2, 5}, ParameterRole::bias});
    try {
      const Session session(comm, mine, std::make_unique<PlainDescent>(),
                            {.lanes = comm.rank() == 2 ? 4U : 3U});
      ADD_FAILURE() << "no error";
    } catch (const AgreedError& e) {
      EXPECT_EQ(e.code(), ExitCode::internal);
      EXPECT_THAT(e.what(), HasSubstr("rank 1:\n  parameter 'w': (4) weight  <-  rank 0: "
                                      "parameter 'w': (3) weight\n  parameter 'average'"));
      EXPECT_THAT(e.what(), HasSubstr("rank 2:\n  lanes: 4  <-  rank 0: lanes: 3"));
      EXPECT_THAT(e.what(), HasSubstr("parameter 'more': (2, 5) bias  <-  rank 0: nothing"));
    }
  });
}

/// What two ranks are told when the second one's session is of `specs` and `options`.
std::string refusal_of(const std::vector<ParameterSpec>& first,
                       const std::vector<ParameterSpec>& second, const Session::Options& options,
                       const optim::OptimizerOptions& rule = {}) {
  std::string message;
  comm::run_ranks(2, [&](comm::Communicator& comm) {
    const bool other = comm.rank() == 1;
    try {
      const Session session(comm, other ? second : first,
                            optim::make_optimizer("sgd", other ? rule : optim::OptimizerOptions{}),
                            other ? options : Session::Options{.lanes = 2});
    } catch (const AgreedError& e) {
      if (other) message = e.what();
    }
  });
  return message;
}

TEST(Session, ranks_with_any_different_option_are_refused) {
  const auto refused = [](const Session::Options& options) {
    return refusal_of(specs(), specs(), options);
  };
  EXPECT_EQ(refused({.lanes = 2}), "");
  EXPECT_THAT(refused({.lanes = 2, .statistic_momentum = 0.2F}), HasSubstr("momentum: 0.2"));
  EXPECT_THAT(refused({.lanes = 2, .loss_scale = {.growth_interval = 7}}), HasSubstr("7 steps"));
  EXPECT_THAT(refused({.lanes = 2, .unannounced = Unannounced::zero}), HasSubstr("unannounced"));
  EXPECT_THAT(refused({.lanes = 2, .bad_step = BadStep::skip}), HasSubstr("bad step: skip"));
  EXPECT_THAT(refused({.lanes = 2, .health = {.z_score = 9}}), HasSubstr("z-score 9"));
  EXPECT_THAT(refusal_of(specs(), specs(), {.lanes = 2}, {.weight_decay = 0.25F}),
              HasSubstr("weight decay 0.25  <-  rank 0: optimizer: sgd"));
}

TEST(Session, an_inserted_parameter_is_one_difference_and_many_are_counted) {
  std::vector<ParameterSpec> many;
  for (int i = 0; i < 100; ++i)
    many.push_back({std::to_string(i), {1}});
  auto inserted = many;
  inserted.insert(inserted.begin(), ParameterSpec{"new", {1}});
  auto swapped = many;
  std::swap(swapped[3], swapped[4]);

  EXPECT_THAT(refusal_of(many, inserted, {.lanes = 2}),
              testing::EndsWith("rank 1:\n  parameter 'new': (1) weight  <-  rank 0: nothing"));
  EXPECT_THAT(refusal_of(many, {{"new", {1}}}, {.lanes = 2}), HasSubstr("and 81 more"));
  EXPECT_THAT(
      refusal_of(many, swapped, {.lanes = 2}),
      HasSubstr("another order, from: parameter '4': (1) weight  <-  rank 0: parameter '3'"));
}

TEST(Session, synchronize_spreads_the_values_of_rank_0) {
  comm::run_ranks(3, [](comm::Communicator& comm) {
    Session session(comm, specs(), std::make_unique<PlainDescent>(), {.lanes = 3});
    session.parameters()[0].value[2] = static_cast<float>(comm.rank() + 7);

    session.synchronize();

    EXPECT_EQ(session.parameters()[0].value[2], 7);
  });
}

TEST(Session, measures_a_bucket_size_unless_one_is_given_or_compression_depends_on_it) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    const auto size_with = [&](Session::Options options) {
      options.lanes = 2;
      const std::vector<ParameterSpec> large{{"large", {300'000}}};
      return Session(comm, large, optim::make_optimizer("sgd", {}), options).bucket_size();
    };

    EXPECT_THAT(size_with({}).reason, HasSubstr("measured"));
    EXPECT_LE(size_with({}).bytes, grad::most_bucket_bytes);
    EXPECT_EQ(size_with({.bucket_bytes = 5000}).bytes, 5000U);
    EXPECT_EQ(size_with({.bucket_bytes = 5000}).reason, "given");
    EXPECT_EQ(size_with({.compression = "int8"}).bytes, grad::default_bucket_bytes);
  });
}

}  // namespace
}  // namespace rondo::train
