// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// For hosts with slow links between them.

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/comm/mpi_world.hpp"
#include "rondo/telemetry/skew.hpp"
#include "rondo/train/session.hpp"

namespace rondo::train {
namespace {

using testing::HasSubstr;

TEST(Skew, blames_communication_where_links_are_slow) {
  const auto comm = comm::make_mpi_communicator();
  const std::vector<ParameterSpec> specs{{"w", {500'000}}};
  Session session(
      *comm, specs, optim::make_optimizer("sgd", {}),
      {.lanes = static_cast<std::size_t>(comm->size()), .bucket_bytes = std::size_t{1} << 20});
  telemetry::SkewMeter meter;
  for (std::uint64_t step = 1; step <= 12; ++step) {
    session.begin_lane(session.lanes().begin, 1);
    session.ready(0);
    session.end_lane(1, 1);
    session.step(0.1F);
    meter.add(step, session.rank_times());
  }

  const telemetry::SkewSummary summary = meter.summary();

  for (const std::string& line : telemetry::straggler_table(summary))
    EXPECT_THAT(line, HasSubstr("communication"));
  EXPECT_GT(summary.mean[telemetry::Cause::communication], 0.5 * summary.step_seconds);
}

}  // namespace
}  // namespace rondo::train
