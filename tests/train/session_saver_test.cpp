// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/train/session_saver.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"
#include "rondo/optim/optimizer.hpp"

#include "support/temporary_directory.hpp"
#include "train/save_interval.hpp"

namespace rondo::train {
namespace {

using testing::HasSubstr;

/// One step whose gradients depend on the lane and the values only.
void run_step_on_one(Session& session) {
  for (std::size_t lane = session.lanes().begin; lane < session.lanes().end; ++lane) {
    session.begin_lane(lane, 2);
    const auto [value, grad, copy] = session.parameters()[0];
    for (std::size_t i = 0; i < value.size(); ++i)
      grad[i] += value[i] - static_cast<float>(lane + i + 1);
    session.ready(0);
    session.end_lane(1, 1);
  }
  session.step(0.05F);
}

class Saver : public testing::Test {
 protected:
  Session make_session(comm::Communicator& comm) const {
    return {comm,
            specs_,
            optim::make_optimizer("sgd", {.momentum = 0.9F}),
            {.lanes = 4, .reduction = grad::Reduction::fixed, .sharding = sharding_}};
  }

  /// Two steps, each saved, and one more behind the last save; the hash at that save.
  std::uint64_t save_twice(int ranks, bool in_background) const {
    std::uint64_t hash = 0;
    comm::run_ranks(ranks, [&](comm::Communicator& comm) {
      Session session = make_session(comm);
      SessionSaver saver(comm, {.directory = directory_.path(), .in_background = in_background});
      for (std::uint64_t step = 1; step <= 2; ++step) {
        run_step_on_one(session);
        saver.save(session, step, identity_);
      }
      if (is_root(comm)) hash = session.arena().values_hash();
      run_step_on_one(session);
      saver.finish();
    });
    return hash;
  }

  std::uint64_t resumed_hash(int ranks) const {
    std::uint64_t hash = 0;
    comm::run_ranks(ranks, [&](comm::Communicator& comm) {
      Session session = make_session(comm);
      EXPECT_EQ(resume(comm, session, directory_.path(), identity_), 2U);
      if (is_root(comm)) hash = session.arena().values_hash();
    });
    return hash;
  }

  /// Saves where a file is in the way, `saves` times; the code that ends the run, by rank.
  std::vector<ExitCode> fail(SaveFailure policy, bool in_background, int saves) const {
    std::vector<ExitCode> codes(2, ExitCode::ok);
    std::ofstream(directory_.path() / "file") << "x";
    comm::run_ranks(2, [&](comm::Communicator& comm) {
      Session session = make_session(comm);
      SessionSaver saver(comm, {.directory = directory_.path() / "file",
                                .in_background = in_background,
                                .on_failure = policy});
      try {
        for (int save = 1; save <= saves; ++save)
          saver.save(session, static_cast<std::uint64_t>(save), identity_);
        if (saves > 1 && policy == SaveFailure::stop) ADD_FAILURE() << "the run went on";
        saver.finish();
      } catch (const AgreedError& e) {
        EXPECT_THAT(e.what(), HasSubstr("file"));
        codes[static_cast<std::size_t>(comm.rank())] = e.code();
      }
    });
    return codes;
  }

  test::TemporaryDirectory directory_;
  std::vector<ParameterSpec> specs_{{"w", {300, 20}}};
  RunIdentity identity_{{"lanes", "4"}};
  grad::Sharding sharding_ = grad::Sharding::none;
};

TEST_F(Saver, writes_the_state_at_the_call_while_training_goes_on) {
  for (const int ranks : {1, 2}) {
    const std::uint64_t saved = save_twice(ranks, true);
    EXPECT_EQ(resumed_hash(1), saved);
  }
}

TEST_F(Saver, gathers_sharded_state) {
  sharding_ = grad::Sharding::zero2;
  const std::uint64_t saved = save_twice(2, true);

  EXPECT_EQ(resumed_hash(2), saved);
  sharding_ = grad::Sharding::none;
  EXPECT_EQ(resumed_hash(1), saved);
}

TEST_F(Saver, in_the_foreground_does_the_same) {
  EXPECT_EQ(resumed_hash(1), save_twice(2, false));
}

TEST_F(Saver, a_failure_ends_all_ranks_at_the_next_save_or_at_the_end) {
  for (const bool in_background : {true, false})
    for (const int saves : {1, 2})
      EXPECT_THAT(fail(SaveFailure::stop, in_background, saves),
                  testing::Each(ExitCode::cannot_create));
}

TEST_F(Saver, a_failure_is_a_warning_by_policy_but_for_the_last_one) {
  for (const bool in_background : {true, false}) {
    testing::internal::CaptureStderr();
    const std::vector<ExitCode> codes = fail(SaveFailure::keep_going, in_background, 3);
    const std::string warnings = testing::internal::GetCapturedStderr();

    EXPECT_THAT(codes, testing::Each(ExitCode::cannot_create));
    EXPECT_THAT(warnings, HasSubstr("training goes on without a checkpoint"));
  }
}

TEST_F(Saver, after_a_failure_by_policy_the_next_save_counts) {
  const auto blocked = directory_.path() / "blocked";
  std::ofstream(blocked) << "x";
  testing::internal::CaptureStderr();
  comm::run_ranks(2, [&](comm::Communicator& comm) {
    Session session = make_session(comm);
    SessionSaver saver(comm, {.directory = blocked, .on_failure = SaveFailure::keep_going});
    saver.save(session, 1, identity_);
    EXPECT_THROW(saver.finish(), AgreedError);
    if (is_root(comm)) std::filesystem::remove(blocked);
    session.synchronize();
    saver.save(session, 2, identity_);
    saver.finish();
  });
  testing::internal::GetCapturedStderr();

  EXPECT_TRUE(std::filesystem::is_directory(blocked / "step-00000002"));
}

TEST_F(Saver, is_due_at_multiples_or_never) {
  comm::run_ranks(1, [&](comm::Communicator& comm) {
    SessionSaver never(comm, {.directory = directory_.path()});
    SessionSaver each_third(comm, {.directory = directory_.path(), .every = 3});
    for (std::uint64_t step = 1; step <= 12; ++step) {
      EXPECT_FALSE(never.is_due(step));
      EXPECT_EQ(each_third.is_due(step), step % 3 == 0);
    }
  });
}

TEST_F(Saver, is_due_as_often_as_the_overhead_allows_alike_on_all_ranks) {
  std::array<std::vector<std::uint64_t>, 2> due;
  comm::run_ranks(2, [&](comm::Communicator& comm) {
    Session session = make_session(comm);
    SessionSaver saver(comm, {.directory = directory_.path(), .every = {}, .overhead = 0.5});
    for (std::uint64_t step = 101; step <= 400; ++step) {
      run_step_on_one(session);
      if (!saver.is_due(step)) continue;
      due[static_cast<std::size_t>(comm.rank())].push_back(step);
      saver.save(session, step, identity_);
    }
    saver.finish();
  });

  ASSERT_FALSE(due[0].empty());
  EXPECT_EQ(due[0].front(), 110U) << "ten steps to know what one takes";
  EXPECT_EQ(due[0], due[1]);
}

TEST(StepsBetweenSaves, make_the_cost_a_share_of_the_time) {
  EXPECT_EQ(steps_between_saves(0.1, 0.01, 0.01), 1000U);
  EXPECT_EQ(steps_between_saves(0.1, 0.03, 0.01), 334U);
  EXPECT_EQ(steps_between_saves(0, 0.01, 0.01), 1U);
  EXPECT_EQ(steps_between_saves(1, 0, 0.01), 1'000'000'000U);
}

}  // namespace
}  // namespace rondo::train
