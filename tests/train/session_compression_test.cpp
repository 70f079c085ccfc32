// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Sessions whose gradients travel compressed.

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/base/philox.hpp"
#include "rondo/comm/inproc.hpp"
#include "rondo/train/session.hpp"
#include "rondo/train/session_checkpoint.hpp"

#include "support/fewer_cases.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::train {
namespace {

using testing::HasSubstr;

constexpr std::array<std::string_view, 5> methods{"bf16", "f16", "int8", "topk", "powersgd"};
constexpr std::size_t lanes = 5;

/// A matrix that crosses small buckets, and what is never compressed.
std::vector<ParameterSpec> dense_specs() {
  return {{"dense", {90, 61}},
          {"bias", {61}, ParameterRole::bias},
          {"average", {7}, ParameterRole::statistic}};
}

Session::Options compressed(std::string_view method) {
  return {.lanes = lanes,
          .bucket_bytes = 4096,
          .compression = std::string(method),
          .compression_options = {.block = 48, .fraction = 0.1, .rank = 6, .seed = 3}};
}

std::unique_ptr<optim::Optimizer> momentum() {
  return optim::make_optimizer("sgd", {.momentum = 0.5F});
}

constexpr std::size_t kinds_of_lanes = 3;

/// Where a lane wants the elements: most of it is common to all lanes.
std::vector<float> make_targets(std::size_t lane, std::size_t parameter) {
  const Philox random(parameter + 1, RandomPurpose::initialize);
  std::vector<float> targets(element_count(dense_specs()[parameter].shape));
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto block = random.block(i);
    targets[i] =
        Philox::uniform(block[0]) - 0.5F + 0.1F * Philox::uniform(block[1 + lane % kinds_of_lanes]);
  }
  return targets;
}

std::span<const float> targets(std::size_t lane, std::size_t parameter) {
  static const auto all = [] {
    std::array<std::vector<std::vector<float>>, kinds_of_lanes> made;
    for (std::size_t kind = 0; kind < kinds_of_lanes; ++kind)
      for (std::size_t p = 0; p < dense_specs().size(); ++p)
        made[kind].push_back(make_targets(kind, p));
    return made;
  }();
  return all[lane % kinds_of_lanes][parameter];
}

/// One lane of half the squared distance from the targets; returns it.
double add_gradients(Session& session, std::size_t lane, float weight) {
  double loss = 0;
  const float scale = weight * session.loss_scale();
  for (std::size_t p = dense_specs().size(); p-- > 0;) {
    const auto [value, grad, copy] = session.parameters()[p];
    const bool statistic = dense_specs()[p].role == ParameterRole::statistic;
    const auto wanted = targets(lane, p);
    for (std::size_t i = 0; i < value.size(); ++i) {
      const float distance = value[i] - wanted[i];
      grad[i] += statistic ? weight : scale * distance;
      if (!statistic) loss += 0.5 * static_cast<double>(weight * distance * distance);
    }
    session.ready(p);
  }
  return loss;
}

StepResult run_weighted_step(Session& session) {
  for (std::size_t lane = session.lanes().begin; lane < session.lanes().end; ++lane) {
    const auto weight = static_cast<float>(lane % 3);  // one lane is empty
    session.begin_lane(lane, static_cast<double>(weight));
    session.end_lane(add_gradients(session, lane, weight), 1);
  }
  return session.step(0.02F);  // well below the inverse of the steps that a residual waits
}

StepResult run_steps(Session& session, int steps) {
  StepResult last;
  for (int s = 0; s < steps; ++s)
    last = run_weighted_step(session);
  return last;
}

void expect_same_values(comm::Communicator& comm, Session& session, std::string_view what) {
  const std::uint64_t mine = session.arena().values_hash();
  std::uint64_t first = mine;
  comm::broadcast(comm, std::span(&first, 1), 0);
  EXPECT_EQ(mine, first) << what << ", rank " << comm.rank() << " of " << comm.size();
}

/// The sum over ranks of every residual. Collective.
std::vector<double> residual_sum(comm::Communicator& comm, Session& session) {
  std::vector<double> sum;
  for (const grad::StateTensor& tensor : session.compressor()->state())
    if (tensor.kind == grad::StateKind::per_rank)
      sum.insert(sum.end(), tensor.values.begin(), tensor.values.end());
  comm::allreduce(comm, std::span(sum), comm::ReduceOp::sum);
  return sum;
}

/// The values' hash after `steps` on `ranks` ranks.
std::uint64_t hash_after(int ranks, int steps, const Session::Options& options) {
  std::uint64_t hash = 0;
  comm::run_ranks(ranks, [&](comm::Communicator& comm) {
    Session session(comm, dense_specs(), momentum(), options);
    run_steps(session, steps);
    if (is_root(comm)) hash = session.arena().values_hash();
  });
  return hash;
}

TEST(SessionCompression, learns_alike_on_all_ranks) {
  for (const auto& [method, ranks] :
       test::combinations(test::Keep::values, methods, std::array{4, 3, 2, 1})) {
    comm::run_ranks(ranks, [&, method = method, ranks = ranks](comm::Communicator& comm) {
      Session session(comm, dense_specs(), momentum(), compressed(method));
      const double first = run_weighted_step(session).loss;

      const double last = run_steps(session, 60).loss;

      EXPECT_LT(last, 0.1 * first) << method << " on " << ranks << " ranks";
      expect_same_values(comm, session, method);
    });
  }
}

TEST(SessionCompression, adds_averages_and_weights_exactly) {
  for (const auto method : methods) {
    comm::run_ranks(3, [&](comm::Communicator& comm) {
      Session session(comm, dense_specs(), momentum(), compressed(method));

      const StepResult result = run_weighted_step(session);

      EXPECT_EQ(result.weight, 4) << method;  // 0 + 1 + 2 + 0 + 1
      EXPECT_EQ(result.accuracy, 1.25) << method;
      EXPECT_FLOAT_EQ(session.parameters()[2].value[0], 0.1F) << method;
    });
  }
}

TEST(SessionCompression, a_matrix_across_buckets_is_judged_and_applied_whole) {
  auto one_bucket = compressed("powersgd");
  one_bucket.bucket_bytes = std::size_t{1} << 22;
  comm::run_ranks(2, [&](comm::Communicator& comm) {
    Session whole(comm, dense_specs(), momentum(), one_bucket);
    Session cut(comm, dense_specs(), momentum(), compressed("powersgd"));
    ASSERT_GT(cut.arena().layout().buckets().size(), 2U);

    for (int s = 0; s < 5; ++s)
      EXPECT_EQ(run_weighted_step(cut).grad_norm, run_weighted_step(whole).grad_norm)
          << "step " << s;

    EXPECT_EQ(cut.arena().values_hash(), whole.arena().values_hash());
  });
}

/// Scales that are powers of two change no bit of what is computed from them.
TEST(SessionCompression, residuals_follow_the_loss_scale) {
  for (const std::string_view method : {"bf16", "int8", "topk", "powersgd"}) {
    auto scaled = compressed(method);
    scaled.precision = Precision::f16;
    scaled.loss_scale = {.initial = 4, .growth = 2, .growth_interval = 1};

    EXPECT_EQ(hash_after(2, 6, scaled), hash_after(2, 6, compressed(method))) << method;
  }
}

TEST(SessionCompression, an_overflow_on_one_rank_is_one_for_all_and_the_run_recovers) {
  for (const auto method : methods) {
    comm::run_ranks(2, [&](comm::Communicator& comm) {
      auto options = compressed(method);
      options.precision = Precision::f16;
      options.loss_scale = {.initial = 8};
      Session session(comm, dense_specs(), momentum(), options);
      const double first = run_weighted_step(session).loss;
      for (std::size_t lane = session.lanes().begin; lane < session.lanes().end; ++lane) {
        session.begin_lane(lane, 1);
        add_gradients(session, lane, 1);
        if (comm.rank() == 1)
          session.parameters()[1].grad[5] = -std::numeric_limits<float>::infinity();
        session.end_lane(1, 1);
      }

      EXPECT_FALSE(session.step(0.02F).applied) << method;

      EXPECT_EQ(session.loss_scale(), 4) << method;
      EXPECT_LT(run_steps(session, 60).loss, 0.1 * first) << method;
      expect_same_values(comm, session, method);
    });
  }
}

TEST(SessionCompression, refuses_what_it_does_not_go_with) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    const auto message = [&](const Session::Options& options) -> std::string {
      try {
        const Session session(comm, dense_specs(), momentum(), options);
      } catch (const ConfigError& e) {
        return e.what();
      }
      return "no error";
    };
    auto fixed = compressed("topk");
    fixed.reduction = grad::Reduction::fixed;
    auto sharded = compressed("bf16");
    sharded.sharding = grad::Sharding::zero1;
    auto no_columns = compressed("powersgd");
    no_columns.compression_options.rank = 0;

    EXPECT_THAT(message(fixed), HasSubstr("--reduce fast"));
    EXPECT_THAT(message(sharded), HasSubstr("sharding zero1"));
    EXPECT_THAT(message(no_columns), HasSubstr("choose 1 to 256"));
    EXPECT_THAT(message(compressed("zip")), HasSubstr("powersgd"));
  });
}

TEST(SessionCompression, ranks_that_compress_differently_are_told) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    auto options = compressed("topk");
    options.compression_options.fraction = comm.rank() == 0 ? 0.1 : 0.2;
    try {
      const Session session(comm, dense_specs(), momentum(), options);
      ADD_FAILURE() << "no error on rank " << comm.rank();
    } catch (const AgreedError& e) {
      EXPECT_THAT(e.what(), HasSubstr("topk, fraction 0.2, warm-up 200 steps"));
    }
  });
}

TEST(SessionCompression, counts_its_memory) {
  comm::run_ranks(1, [](comm::Communicator& comm) {
    Session plain(comm, dense_specs(), momentum(), {.lanes = lanes});
    Session topk(comm, dense_specs(), momentum(), compressed("topk"));

    EXPECT_EQ(plain.memory().compression, 0U);
    // The residual of what is sent in part, and the steps of the warm-up.
    EXPECT_EQ(topk.memory().compression, (90 * 61 + 1) * sizeof(float));
  });
}

class SessionCompressionCheckpoint : public testing::Test {
 protected:
  /// What a run in two pieces knows at the end of one.
  struct Stop {
    std::uint64_t hash = 0;
    double loss = 0;
    std::vector<double> residuals;  ///< summed over the ranks, before the steps of this piece
    std::vector<double> residuals_after;
  };

  Stop run(int ranks, int steps, std::string_view method) {
    Stop stop;
    comm::run_ranks(ranks, [&](comm::Communicator& comm) {
      Session session(comm, dense_specs(), momentum(), compressed(method));
      const auto done = resume(comm, session, directory_.path(), {}).value_or(0);
      Stop mine;
      mine.residuals = residual_sum(comm, session);
      mine.loss = run_steps(session, steps).loss;
      mine.residuals_after = residual_sum(comm, session);
      mine.hash = session.arena().values_hash();
      save(comm, session, directory_.path(), done + static_cast<std::uint64_t>(steps), {});
      if (is_root(comm)) stop = mine;
    });
    return stop;
  }

  /// The message with which a session of `options` refuses what `method` has saved.
  std::string refusal(std::string_view method, const Session::Options& options) {
    directory_.clear();
    run(1, 1, method);
    std::string message = "no error";
    comm::run_ranks(2, [&](comm::Communicator& comm) {
      Session session(comm, dense_specs(), momentum(), options);
      const std::uint64_t before = session.arena().values_hash();
      try {
        resume(comm, session, directory_.path(), {});
      } catch (const AgreedError& e) {
        EXPECT_EQ(e.code(), ExitCode::bad_content);
        if (is_root(comm)) message = e.what();
      }
      EXPECT_EQ(session.arena().values_hash(), before);
    });
    return message;
  }

  test::TemporaryDirectory directory_;
};

TEST_F(SessionCompressionCheckpoint, a_run_in_pieces_has_the_bits_of_one_without_a_stop) {
  for (const auto& [method, ranks] :
       test::combinations(test::Keep::values, methods, std::array{4, 2, 1})) {
    directory_.clear();
    run(ranks, 3, method);
    run(ranks, 1, method);

    EXPECT_EQ(run(ranks, 3, method).hash, hash_after(ranks, 7, compressed(method)))
        << method << " on " << ranks << " ranks";
  }
}

TEST_F(SessionCompressionCheckpoint, nothing_is_lost_on_another_number_of_ranks) {
  for (const auto method : methods) {
    directory_.clear();
    Stop before = run(3, 4, method);
    for (const int ranks : {2, 4, 1}) {
      const Stop after = run(ranks, 4, method);

      EXPECT_THAT(after.residuals,
                  testing::Pointwise(testing::DoubleNear(1e-5), before.residuals_after))
          << method << " on " << ranks << " ranks";
      EXPECT_LT(after.loss, before.loss) << method << " on " << ranks << " ranks";
      before = after;
    }
    EXPECT_THAT(before.residuals, testing::Contains(testing::Ne(0.0))) << method;
  }
}

TEST_F(SessionCompressionCheckpoint, another_method_is_refused_and_the_session_unchanged) {
  EXPECT_THAT(refusal("topk", compressed("powersgd")), HasSubstr("compression/factor/dense"));
  EXPECT_THAT(refusal("topk", {.lanes = lanes}), HasSubstr("compression/residual/dense"));
}

}  // namespace
}  // namespace rondo::train
