// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// New values that travel while the next forward pass runs.
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
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
#include "support/temporary_directory.hpp"
#include "train/gather_checks.hpp"
#include "train/interrupted_optimizer.hpp"

namespace rondo::test {
namespace {

using comm::Communicator;
using testing::Each;
using testing::HasSubstr;
using train::Gather;

std::uint64_t hash_on(int ranks, int ranks_per_node, const HashCase& what, const HashRun& run,
                      Gather gather) {
  std::uint64_t hash = 0;
  comm::run_ranks(
      ranks,
      [&](Communicator& comm) {
        const std::uint64_t mine = hash_layer_by_layer(comm, what, run, gather);
        if (is_root(comm)) hash = mine;
      },
      {.time_limit = std::chrono::seconds(60)}, ranks_per_node);
  return hash;
}

TEST(GatherInForward, gives_the_bits_of_a_run_without_shards) {
  const std::vector<HashRun> runs{
      {.sharding = grad::Sharding::zero1, .bucket_bytes = 1, .one_pass = false},
      {.sharding = grad::Sharding::zero1, .bucket_bytes = 1UL << 22, .one_pass = false},
      {.sharding = grad::Sharding::zero2, .bucket_bytes = 40'000, .one_pass = false}};
  std::map<std::pair<Precision, std::string_view>, std::uint64_t> expected;
  for (const auto& [precision, optimizer, ranks, ranks_per_node, run] :
       combinations(Keep::pairs, precisions, optimizers, std::array{2, 3, 4}, std::array{1, 2, 4},
                    std::array{0, 1, 2})) {
    const HashCase what{.precision = precision,
                        .optimizer = std::string(optimizer),
                        .rounding_seed = precision == Precision::bf16 ? 5U : 0U};
    const auto [known, is_new] = expected.try_emplace({precision, optimizer});
    if (is_new) known->second = hash_on(1, 1, what, {}, Gather::in_step);

    EXPECT_EQ(hash_on(ranks, ranks_per_node, what, runs[run], Gather::in_forward), known->second)
        << describe(what, runs[run], ranks) << ", " << ranks_per_node << " ranks a node";
  }
}

TEST(Gather, in_forward_changes_nothing_in_one_pass) {
  const HashRun run{.sharding = grad::Sharding::zero1, .one_pass = true};

  EXPECT_EQ(hash_on(2, 2, {}, run, Gather::in_forward), hash_on(2, 2, {}, run, Gather::in_step));
}

constexpr std::size_t last_parameter = 1;

/// Two parameters of several buckets each, on ranks that share no memory. The first is small.
train::Session make_interrupted(Communicator& comm, std::function<void()> hook,
                                Gather gather = Gather::in_forward) {
  const std::vector<ParameterSpec> specs{{"first", {10'000}}, {"second", {50'000}}};
  return {comm, specs, std::make_unique<Interrupted>(std::move(hook)),
          train::Session::Options{.lanes = static_cast<std::size_t>(comm.size()),
                                  .bucket_bytes = 8192,
                                  .sharding = grad::Sharding::zero1,
                                  .gather = gather,
                                  .unannounced = train::Unannounced::zero}};
}

/// A step that announces nothing on the way; its gradients are zero.
void run_step(train::Session& session) {
  for (std::size_t lane = session.lanes().begin; lane < session.lanes().end; ++lane) {
    session.begin_lane(lane, 1);
    session.end_lane(0, 0);
  }
  session.step(1);
}

/// Keeps rank 1 until `condition` holds, but not for ever: a failed test must end. It goes on to
/// advance what it has started.
void keep_rank_1(Communicator& comm, const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (comm.rank() == 1 && !condition() && std::chrono::steady_clock::now() < end) {
    comm.progress();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

std::function<void()> late_on_rank_1(Communicator& comm, std::function<bool()> condition) {
  return [&comm, condition = std::move(condition)] { keep_rank_1(comm, condition); };
}

TEST(Gather, lets_the_step_return_while_a_rank_still_updates) {
  std::atomic<bool> returned = false;
  comm::run_ranks(2, [&](Communicator& comm) {
    train::Session session =
        make_interrupted(comm, late_on_rank_1(comm, [&] { return returned.load(); }));
    const auto views = session.parameters();

    run_step(session);
    if (is_root(comm)) returned = true;

    session.wait_for_parameter(0);
    EXPECT_THAT(views[0].value, Each(1.0F));
    session.wait_for_parameter(last_parameter);
    EXPECT_THAT(views[last_parameter].value, Each(1.0F));
  });
}

TEST(Gather, keeps_nobody_waiting_who_reads_the_first_parameter_only) {
  std::atomic<bool> has_read = false;
  comm::run_ranks(2, [&](Communicator& comm) {
    int ranges = 0;
    train::Session session = make_interrupted(comm, [&] {
      // Of its shards, at the most ten hold parts of "first" or of what shares a bucket with it.
      if (++ranges > 10) keep_rank_1(comm, [&] { return has_read.load(); });
    });
    const auto views = session.parameters();

    run_step(session);
    session.wait_for_parameter(0);
    EXPECT_THAT(views[0].value, Each(1.0F));
    if (is_root(comm)) has_read = true;

    session.finish_parameters();
    EXPECT_THAT(views[last_parameter].value, Each(1.0F));
  });
}

TEST(Gather, is_waited_for_by_whatever_reads_values) {
  const std::vector<std::function<void(train::Session&)>> readers{
      [](train::Session& s) { EXPECT_THAT(s.parameters()[last_parameter].value, Each(1.0F)); },
      [](train::Session& s) { EXPECT_EQ(s.arena().view(0).value.back(), 1.0F); },
      [](train::Session& s) { s.synchronize(); }, [](train::Session& s) { run_step(s); }};
  for (const auto& read : readers) {
    comm::run_ranks(3, [&](Communicator& comm) {
      const auto late = [until = std::chrono::steady_clock::now() + std::chrono::milliseconds(50)] {
        return std::chrono::steady_clock::now() > until;
      };
      train::Session session = make_interrupted(comm, late_on_rank_1(comm, late));
      const auto views = session.parameters();
      run_step(session);

      read(session);

      session.finish_parameters();
      const float expected = static_cast<float>(session.applied_steps());
      EXPECT_THAT(views[0].value, Each(expected));
      EXPECT_THAT(views[last_parameter].value, Each(expected));
    });
  }
}

TEST(Gather, is_complete_behind_the_step_if_nobody_asks_for_less) {
  comm::run_ranks(2, [](Communicator& comm) {
    train::Session session = make_interrupted(
        comm, [] {}, Gather::in_step);
    const auto views = session.parameters();

    run_step(session);

    EXPECT_THAT(views[0].value, Each(1.0F));
    EXPECT_THAT(views[last_parameter].value, Each(1.0F));
  });
}

TEST(Gather, gradients_of_values_that_nobody_waited_for_are_refused) {
  comm::run_ranks(2, [](Communicator& comm) {
    train::Session session = make_interrupted(comm, [] {});
    run_step(session);
    session.begin_lane(session.lanes().begin, 1);

    try {
      session.ready(last_parameter);
      ADD_FAILURE() << "no error";
    } catch (const UsageError& e) {
      EXPECT_THAT(e.what(), HasSubstr("'second', whose values were still on their way"));
      EXPECT_THAT(e.what(), HasSubstr("wait_for_parameter()"));
    }

    session.wait_for_parameter(last_parameter);
    session.ready(last_parameter);
    session.end_lane(0, 0);
    session.step(1);
    EXPECT_EQ(session.applied_steps(), 2U);
  });
}

TEST(Gather, checkpoints_hold_the_values_of_all_ranks) {
  const HashRun run{.sharding = grad::Sharding::zero2, .bucket_bytes = 1};
  TemporaryDirectory directory;
  comm::run_ranks(3, [&](Communicator& comm) {
    train::Session session = make_gather_session(comm, {}, run, Gather::in_forward);
    LayerByLayer model(session);
    model.step();
    train::save(comm, session, directory.path(), 1, {});
    const std::uint64_t saved = state_hash(comm, session, {});

    train::Session other = make_gather_session(comm, {}, run, Gather::in_step);
    train::resume(comm, other, directory.path(), {});

    EXPECT_EQ(state_hash(comm, other, {}), saved);
  });
}

TEST(Gather, a_rank_that_dies_in_its_update_is_an_error_of_whoever_waits) {
  std::atomic<int> returned = 0;
  comm::run_ranks(3, [&](Communicator& comm) {
    int ranges = 0;
    train::Session session = make_interrupted(comm, [&] {
      if (comm.rank() != 1 || ++ranges != 3) return;
      keep_rank_1(comm, [&] { return returned == 2; });
      throw std::runtime_error("dies");
    });
    if (comm.rank() == 1) {
      EXPECT_THROW(run_step(session), std::runtime_error);
      return;
    }
    run_step(session);
    ++returned;
    EXPECT_THROW(session.wait_for_parameter(last_parameter), CommError);
    EXPECT_THROW(session.wait_for_parameter(last_parameter), CommError);
    EXPECT_THROW(session.finish_parameters(), CommError);
    EXPECT_THROW(session.step(1), CommError);
  });
}

TEST(Gather, has_a_deadline) {
  std::atomic<int> gone = 0;
  const auto body = [&](Communicator& comm) {
    {
      train::Session session =
          make_interrupted(comm, late_on_rank_1(comm, [&] { return gone == 2; }));
      EXPECT_THROW(
          {
            run_step(session);
            session.finish_parameters();
          },
          CommError);
    }
    ++gone;
  };
  comm::run_ranks(3, body, {.time_limit = std::chrono::seconds(3)});
}

}  // namespace
}  // namespace rondo::test
