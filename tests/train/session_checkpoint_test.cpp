// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/train/session_checkpoint.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"
#include "rondo/optim/optimizer.hpp"

#include "support/temporary_directory.hpp"

namespace rondo::train {
namespace {

using testing::HasSubstr;

std::vector<ParameterSpec> specs() {
  return {{"w", {3, 2}}, {"mean", {1}, ParameterRole::statistic}};
}

std::unique_ptr<optim::Optimizer> momentum() {
  return optim::make_optimizer("sgd", {.momentum = 0.9F});
}

/// One step whose gradients depend on the lane and the values only.
void run_step(Session& session) {
  for (std::size_t lane = session.lanes().begin; lane < session.lanes().end; ++lane) {
    session.begin_lane(lane, 2);
    for (std::size_t p = 0; p < 2; ++p) {
      const auto [value, grad, copy] = session.parameters()[p];
      for (std::size_t i = 0; i < value.size(); ++i)
        grad[i] += (value[i] - static_cast<float>(lane + i + 1)) * session.loss_scale();
      session.ready(p);
    }
    session.end_lane(1, 1);
  }
  session.step(0.05F);
}

class SessionCheckpoint : public testing::Test {
 protected:
  /// The parameters' hash after `steps` more steps, resuming first, saving last.
  std::uint64_t run(int ranks, int steps, std::uint64_t expected_start,
                    Precision precision = Precision::f32) {
    std::uint64_t hash = 0;
    comm::run_ranks(ranks, [&](comm::Communicator& comm) {
      Session session(comm, specs(), momentum(),
                      {.lanes = 4, .reduction = grad::Reduction::fixed, .precision = precision});
      const auto start = resume(comm, session, directory_.path(), identity_).value_or(0);
      EXPECT_EQ(start, expected_start);
      for (int s = 0; s < steps; ++s)
        run_step(session);
      save(comm, session, directory_.path(), start + static_cast<std::uint64_t>(steps), identity_);
      if (is_root(comm)) hash = session.arena().values_hash();
    });
    return hash;
  }

  test::TemporaryDirectory directory_;
  RunIdentity identity_{{"lanes", "4"}, {"seed", "1"}};
};

TEST_F(SessionCheckpoint, holds_the_bucket_size_for_as_many_ranks) {
  const auto stored_on = [&](int ranks) {
    std::optional<std::size_t> stored;
    comm::run_ranks(ranks, [&](comm::Communicator& comm) {
      const auto mine = stored_bucket_bytes(comm, directory_.path());
      if (is_root(comm)) stored = mine;
    });
    return stored;
  };
  EXPECT_EQ(stored_on(2), std::nullopt) << "no checkpoint";

  comm::run_ranks(2, [&](comm::Communicator& comm) {
    Session session(comm, specs(), momentum(), {.lanes = 4, .bucket_bytes = 123'456});
    save(comm, session, directory_.path(), 1, identity_);
  });

  EXPECT_EQ(stored_on(2), 123'456U);
  EXPECT_EQ(stored_on(3), std::nullopt);
}

TEST_F(SessionCheckpoint, a_run_in_pieces_on_other_rank_counts_ends_with_the_same_bits) {
  for (const auto precision : {Precision::f32, Precision::f16}) {
    const std::uint64_t whole = run(2, 9, 0, precision);

    directory_.clear();
    run(4, 4, 0, precision);
    run(1, 2, 4, precision);
    EXPECT_EQ(run(3, 3, 6, precision), whole);
    directory_.clear();
  }
}

TEST_F(SessionCheckpoint, keeps_what_the_judgement_of_bad_steps_rests_on) {
  const Session::Options options{.lanes = 4, .health = {.z_score = 1e6}};
  comm::run_ranks(2, [&](comm::Communicator& comm) {
    Session session(comm, specs(), momentum(), options);
    run_step(session);
    run_step(session);
    auto counters = session.counters();
    counters.health.bad_steps = 3;
    session.restore(counters);
    save(comm, session, directory_.path(), 2, identity_);

    Session resumed(comm, specs(), momentum(), options);
    resume(comm, resumed, directory_.path(), identity_);

    EXPECT_EQ(resumed.bad_steps(), 3U);
    EXPECT_EQ(resumed.counters().health.losses, counters.health.losses);
    EXPECT_EQ(resumed.counters().health.norms, counters.health.norms);
    EXPECT_EQ(counters.health.norms.size(), 2U);
  });
}

TEST_F(SessionCheckpoint, another_run_is_refused_with_all_differences) {
  run(1, 1, 0);
  identity_ = {{"lanes", "8"}, {"seed", "2"}};

  comm::run_ranks(2, [&](comm::Communicator& comm) {
    Session session(comm, specs(), momentum(), {.lanes = 4});
    try {
      resume(comm, session, directory_.path(), identity_);
      ADD_FAILURE() << "no error on rank " << comm.rank();
    } catch (const AgreedError& e) {
      EXPECT_EQ(e.code(), ExitCode::configuration);
      EXPECT_THAT(e.what(), HasSubstr("lanes: checkpoint 4, now 8"));
      EXPECT_THAT(e.what(), HasSubstr("seed: checkpoint 1, now 2"));
    }
  });
}

TEST_F(SessionCheckpoint, other_conditions_are_a_warning_of_one_rank) {
  comm::run_ranks(2, [&](comm::Communicator& comm) {
    Session session(comm, specs(), momentum(), {.lanes = 4});
    run_step(session);
    save(comm, session, directory_.path(), 1, identity_, {.conditions = {{"threads", "1"}}});
  });
  const auto resume_with = [&](const RunConditions& conditions) {
    testing::internal::CaptureStderr();
    comm::run_ranks(2, [&](comm::Communicator& comm) {
      Session session(comm, specs(), momentum(), {.lanes = 4});
      EXPECT_EQ(resume(comm, session, directory_.path(), identity_, conditions), 1U);
    });
    return testing::internal::GetCapturedStderr();
  };

  EXPECT_EQ(resume_with({{"threads", "1"}, {"not recorded", "7"}}), "");
  EXPECT_THAT(resume_with({{"threads", "4"}}),
              testing::ContainsRegex("^[^\n]*warning[^\n]*threads 1, [^\n]* with 4[^\n]*\n$"));
}

TEST_F(SessionCheckpoint, a_loss_scale_out_of_range_is_refused_and_the_session_unchanged) {
  run(1, 1, 0, Precision::f16);

  comm::run_ranks(2, [&](comm::Communicator& comm) {
    Session session(
        comm, specs(), momentum(),
        {.lanes = 4, .precision = Precision::f16, .loss_scale = {.initial = 2, .max = 4}});
    try {
      resume(comm, session, directory_.path(), identity_);
      ADD_FAILURE() << "no error on rank " << comm.rank();
    } catch (const AgreedError& e) {
      EXPECT_EQ(e.code(), ExitCode::configuration);
      EXPECT_THAT(e.what(), HasSubstr("loss scale 65536 is outside of"));
    }
    for (const float value : session.parameters()[0].value)
      EXPECT_EQ(value, 0);
  });
}

TEST_F(SessionCheckpoint, another_model_is_refused_and_the_session_unchanged) {
  run(1, 1, 0);

  comm::run_ranks(2, [&](comm::Communicator& comm) {
    auto other = specs();
    other[0].shape = {7};
    Session session(comm, other, momentum(), {.lanes = 4});
    const auto before = session.arena().values_hash();
    try {
      resume(comm, session, directory_.path(), identity_);
      ADD_FAILURE() << "no error on rank " << comm.rank();
    } catch (const AgreedError& e) {
      EXPECT_EQ(e.code(), ExitCode::bad_content);
      EXPECT_THAT(e.what(), HasSubstr("w"));
    }
    EXPECT_EQ(session.arena().values_hash(), before);
  });
}

}  // namespace
}  // namespace rondo::train
