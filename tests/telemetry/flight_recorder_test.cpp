// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/flight_recorder.hpp"

#include <chrono>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

namespace rondo::telemetry {
namespace {

using std::chrono::milliseconds;
const FlightRecorder::Clock::time_point start;

TEST(FlightRecorder, tells_finished_from_unfinished_operations) {
  FlightRecorder recorder;
  const auto first = recorder.started("allreduce", 4096, start);
  recorder.finished(first, start + milliseconds(3));
  recorder.started("broadcast", 8, start + milliseconds(5));

  EXPECT_EQ(recorder.dump(start + milliseconds(2005)),
            "#0 allreduce 4096 bytes, took 3.0 ms\n"
            "#1 broadcast 8 bytes, unfinished for 2000.0 ms\n");
}

TEST(FlightRecorder, keeps_the_last_operations_only) {
  FlightRecorder recorder(2);
  const auto overwritten = recorder.started("barrier", 0, start);
  recorder.started("allgather", 1, start);
  recorder.started("allreduce", 2, start);

  recorder.finished(overwritten, start);

  EXPECT_EQ(recorder.dump(start),
            "#1 allgather 1 bytes, unfinished for 0.0 ms\n"
            "#2 allreduce 2 bytes, unfinished for 0.0 ms\n");
}

TEST(FlightRecorder, ignores_the_end_of_what_never_started) {
  FlightRecorder recorder(2);
  recorder.finished(7, start);
  EXPECT_EQ(recorder.dump(start), "");
}

TEST(FlightRecorder, refuses_to_remember_nothing) {
  EXPECT_THROW(FlightRecorder(0), UsageError);
}

}  // namespace
}  // namespace rondo::telemetry
