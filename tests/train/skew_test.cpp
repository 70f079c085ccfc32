// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/skew.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/comm/inproc.hpp"
#include "rondo/telemetry/counters.hpp"
#include "rondo/train/session.hpp"

namespace rondo::train {
namespace {

using std::chrono::milliseconds;
using telemetry::Cause;

/// What a rank does besides before its lane of a step.
using Plant = std::function<void(Session& session, int rank, int step)>;

void sleep_as(Session& session, Cause cause, milliseconds duration) {
  const telemetry::Stopwatch stopwatch;
  std::this_thread::sleep_for(duration);
  if (cause != Cause::compute) session.times().spent(cause, stopwatch.seconds());
}

/// The steps of `ranks` ranks, as each rank has seen them.
std::vector<telemetry::SkewSummary> train(int ranks, int steps, const Plant& plant) {
  std::vector<telemetry::SkewSummary> seen(static_cast<std::size_t>(ranks));
  comm::run_ranks(ranks, [&](comm::Communicator& comm) {
    const std::vector<ParameterSpec> specs{{"w", {3000}}, {"b", {3}}};
    Session session(comm, specs, optim::make_optimizer("sgd", {}),
                    {.lanes = static_cast<std::size_t>(ranks)});
    telemetry::SkewMeter meter;
    for (int step = 1; step <= steps; ++step) {
      plant(session, comm.rank(), step);
      session.begin_lane(session.lanes().begin, 1);
      session.ready(1);
      session.ready(0);
      session.end_lane(1, 1);
      session.step(0.1F);
      meter.add(static_cast<std::uint64_t>(step), session.rank_times());
    }
    seen[static_cast<std::size_t>(comm.rank())] = meter.summary();
  });
  return seen;
}

/// The first, whose lateness is the greatest by far.
telemetry::Straggler worst(const telemetry::SkewSummary& summary) {
  return summary.stragglers.empty() ? telemetry::Straggler{.rank = -1} : summary.stragglers.front();
}

/// Trains until what is planted `shows`: a loaded machine makes other ranks late, too.
void expect_shown(int ranks, int steps, const Plant& plant,
                  const std::function<bool(const std::vector<telemetry::SkewSummary>&)>& shows) {
  constexpr int most = 50;
  for (int training = 0; training < most; ++training)
    if (shows(train(ranks, steps, plant))) return;
  ADD_FAILURE() << "in none of " << most << " trainings";
}

TEST(Skew, all_ranks_name_the_rank_that_computes_longer) {
  const auto plant = [](Session& session, int rank, int) {
    sleep_as(session, Cause::compute, milliseconds(rank == 1 ? 20 : 4));
  };
  expect_shown(3, 14, plant, [](const auto& seen) {
    return std::ranges::all_of(seen, [](const telemetry::SkewSummary& summary) {
      EXPECT_EQ(summary.steps, 13U) << "the first step has no beginning";
      const telemetry::Straggler late = worst(summary);
      return late.rank == 1 && late.cause == Cause::compute && late.is_chronic &&
             late.seconds > 0.008;
    });
  });
}

TEST(Skew, names_the_rank_that_waits_for_data) {
  const auto plant = [](Session& session, int rank, int) {
    sleep_as(session, Cause::compute, milliseconds(4));
    sleep_as(session, Cause::data, milliseconds(rank == 2 ? 16 : 0));
  };
  expect_shown(3, 14, plant, [](const auto& seen) {
    const telemetry::Straggler late = worst(seen[0]);
    return late.rank == 2 && late.cause == Cause::data && late.is_chronic;
  });
}

TEST(Skew, tells_a_rank_that_was_late_once) {
  const auto plant = [](Session& session, int rank, int step) {
    sleep_as(session, Cause::compute, milliseconds(rank == 0 && step == 15 ? 400 : 4));
  };
  expect_shown(2, 24, plant, [](const auto& seen) {
    const telemetry::Straggler late = worst(seen[1]);
    return late.rank == 0 && !late.is_chronic && late.step == 15 && late.cause == Cause::compute;
  });
}

TEST(Skew, leaves_out_what_belongs_to_no_step) {
  const auto seen = train(2, 12, [](Session& session, int rank, int) {
    sleep_as(session, Cause::compute, milliseconds(4));
    if (rank != 0) return;
    const telemetry::Stopwatch evaluation;
    std::this_thread::sleep_for(milliseconds(20));
    session.times().leave_out(evaluation.seconds());
  });

  EXPECT_NE(worst(seen[0]).rank, 0) << "an evaluation is no straggling";
}

}  // namespace
}  // namespace rondo::train
