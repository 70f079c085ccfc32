// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"

#include "support/fewer_cases.hpp"
#include "train/interrupted_optimizer.hpp"
#include "train/one_pass_checks.hpp"

/// The update that stores new values straight into the memory of all ranks of a node.
namespace rondo::test {
namespace {

using comm::Communicator;
using testing::HasSubstr;

void on_one_node(int ranks, const std::function<void(Communicator&)>& body,
                 std::chrono::milliseconds time_limit = std::chrono::seconds(60)) {
  comm::run_ranks(ranks, body, {.time_limit = time_limit}, ranks);
}

TEST(OnePass, gives_values_and_slots_the_bits_of_three_steps) {
  struct Shards {
    grad::Sharding sharding;
    std::size_t bucket_bytes;
    bool operator==(const Shards&) const = default;
  };
  const std::array shards{Shards{grad::Sharding::zero1, 1}, Shards{grad::Sharding::zero1, 40'000},
                          Shards{grad::Sharding::zero1, 1UL << 22},
                          Shards{grad::Sharding::zero2, 40'000}};
  for (const auto& [optimizer, reduction, ranks, sharded] : combinations(
           Keep::pairs, optimizers, std::array{grad::Reduction::fast, grad::Reduction::fixed},
           std::array{1, 2, 3, 4}, shards)) {
    const HashCase what{.optimizer = std::string(optimizer)};
    const HashRun run{
        .sharding = sharded.sharding, .bucket_bytes = sharded.bucket_bytes, .reduction = reduction};
    on_one_node(ranks,
                [&](Communicator& comm) { expect_one_pass_is_three_steps(comm, what, run, 2); });
  }
}

TEST(OnePass, gives_the_same_bits_in_f16_and_where_values_are_stored_past_the_cache) {
  on_one_node(2, [](Communicator& comm) {
    expect_one_pass_is_three_steps(comm, {.precision = Precision::f16, .optimizer = "adamw"},
                                   {.sharding = grad::Sharding::zero1}, 6);
    expect_one_pass_is_three_steps(comm, {.optimizer = "adamw", .lanes = 3},
                                   {.sharding = grad::Sharding::zero1}, 2,
                                   {{"large", {1'100'003}}, {"small", {3}}});
  });
}

TEST(OnePass, is_for_shards_of_ranks_on_one_node_that_want_it) {
  const auto is_one_pass = [](Communicator& comm, const HashRun& run) {
    return make_hash_session(comm, {}, run).is_one_pass();
  };
  const HashRun sharded{.sharding = grad::Sharding::zero1};
  on_one_node(2, [&](Communicator& comm) {
    EXPECT_TRUE(is_one_pass(comm, sharded));
    EXPECT_FALSE(is_one_pass(comm, {.sharding = grad::Sharding::none}));
    EXPECT_FALSE(is_one_pass(comm, {.sharding = grad::Sharding::zero1, .one_pass = false}));
  });
  for (const int ranks_per_node : {1, 2})
    comm::run_ranks(
        4, [&](Communicator& comm) { EXPECT_FALSE(is_one_pass(comm, sharded)); },
        {.time_limit = std::chrono::seconds(60)}, ranks_per_node);
}

TEST(OnePass, wanted_by_some_ranks_only_is_refused) {
  on_one_node(2, [](Communicator& comm) {
    const HashRun run{.sharding = grad::Sharding::zero1, .one_pass = comm.rank() == 0};
    try {
      make_hash_session(comm, {}, run);
      ADD_FAILURE() << "no error";
    } catch (const AgreedError& e) {
      EXPECT_THAT(e.what(), HasSubstr("one pass false"));
    }
  });
}

/// Adds to every gradient the same number, and makes the step.
train::StepResult run_step(train::Session& session, float gradient) {
  for (std::size_t lane = session.lanes().begin; lane < session.lanes().end; ++lane) {
    session.begin_lane(lane, 1);
    for (const ParameterView& view : session.parameters())
      for (float& g : view.grad)
        g += gradient;
    for (std::size_t p = session.parameters().size(); p-- > 0;)
      session.ready(p);
    session.end_lane(1, 1);
  }
  return session.step(0.1F);
}

train::Session::Options sharded_options(int ranks) {
  return {.lanes = static_cast<std::size_t>(ranks),
          .bucket_bytes = 4096,
          .sharding = grad::Sharding::zero1,
          .bad_step = train::BadStep::skip};
}

TEST(OnePass, a_bad_step_changes_nothing_on_any_rank) {
  for (const std::string_view name : {"adamw", "lamb"}) {
    on_one_node(3, [&](Communicator& comm) {
      train::Session session(comm, hash_specs(), optim::make_optimizer(name, {}),
                             sharded_options(comm.size()));
      EXPECT_TRUE(run_step(session, 1).applied);
      const std::vector<float> before = state_of_rank(session);

      const float infinity = std::numeric_limits<float>::infinity();
      EXPECT_FALSE(run_step(session, comm.rank() == 1 ? infinity : 1).applied);
      // Each is finite, their sum is not.
      EXPECT_FALSE(run_step(session, std::numeric_limits<float>::max()).applied);

      EXPECT_TRUE(have_same_bits(state_of_rank(session), before)) << name;
      EXPECT_TRUE(run_step(session, 1).applied);
      EXPECT_FALSE(have_same_bits(state_of_rank(session), before)) << name;
    });
  }
}

TEST(OnePass, a_rank_that_dies_in_the_middle_is_an_error_on_all_others) {
  on_one_node(3, [](Communicator& comm) {
    int ranges = 0;
    const auto die = [&] {
      if (comm.rank() == 1 && ++ranges == 2) throw std::runtime_error("dies");
    };
    train::Session session(comm, hash_specs(), std::make_unique<Interrupted>(die),
                           sharded_options(comm.size()));
    if (comm.rank() == 1) {
      EXPECT_THROW(run_step(session, 1), std::runtime_error);
      return;
    }
    EXPECT_THROW(run_step(session, 1), CommError);
    EXPECT_THROW(run_step(session, 1), CommError);
  });
}

TEST(OnePass, the_deadline_ends_the_wait_for_a_late_rank_whose_stores_then_harm_nobody) {
  std::atomic<int> gone = 0;
  const auto body = [&](Communicator& comm) {
    const auto hang = [&] {
      while (comm.rank() == 1 && gone < 2)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    };
    {
      train::Session session(comm, hash_specs(), std::make_unique<Interrupted>(hang),
                             sharded_options(comm.size()));
      if (comm.rank() != 1) {
        EXPECT_THROW(run_step(session, 1), CommError);
      } else {
        run_step(session, 1);  // the others had come to the barrier
        EXPECT_THROW(run_step(session, 1), CommError);
      }
    }
    ++gone;
  };
  on_one_node(3, body, std::chrono::seconds(3));
}

}  // namespace
}  // namespace rondo::test
