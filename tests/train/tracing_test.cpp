// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/train/tracing.hpp"

#include <cmath>
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"

#include "support/temporary_directory.hpp"
#include "train/clock_exchange.hpp"

namespace rondo::train {
namespace {

namespace fs = std::filesystem;

TEST(ClockExchange, finds_planted_offsets_within_the_error_that_it_states) {
  for (const int ranks : {2, 3, 5}) {
    comm::run_ranks(ranks, [](comm::Communicator& comm) {
      const std::int64_t planted = comm.rank() * std::int64_t{7'000'000'000} - 3;
      const auto clock = [&] { return telemetry::trace_now() + planted; };

      const telemetry::ClockSample sample = exchange_clocks(comm, clock);

      const std::int64_t expected = comm.rank() * std::int64_t{7'000'000'000};
      EXPECT_LE(std::abs(sample.offset - expected), sample.error) << "rank " << comm.rank();
      EXPECT_LT(sample.error, 1'000'000'000);
      EXPECT_LE(std::abs(sample.at - clock()), 10'000'000'000);
    });
  }
}

TEST(ClockExchange, follows_a_clock_that_drifts) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    const std::int64_t start = telemetry::trace_now();
    // Rank 1's runs a thousandth faster, which in one exchange is far less than the error.
    const auto clock = [&] {
      const std::int64_t now = telemetry::trace_now();
      return comm.rank() == 0 ? now : now + (now - start) / 1000 + 50;
    };
    for (int i = 0; i < 3; ++i) {
      const telemetry::ClockSample sample = exchange_clocks(comm, clock);
      const std::int64_t expected =
          comm.rank() == 0 ? 0 : sample.at - (sample.at - 50 + start / 1000) * 1000 / 1001;
      const std::int64_t drift_in_the_exchange = 100'000;
      EXPECT_LE(std::abs(sample.offset - expected), sample.error + drift_in_the_exchange);
    }
  });
}

TEST(Tracing, makes_one_file_of_all_ranks_at_the_end) {
  const test::TemporaryDirectory directory;
  const fs::path file = directory.path() / "trace.json";
  comm::run_ranks(3, [&](comm::Communicator& comm) {
    Tracing tracing(comm, {.file = file});
    for (std::uint64_t step = 1; step <= 5; ++step) {
      { const telemetry::TraceSpan span(telemetry::Activity::step, step); }
      tracing.end_step(step);
    }
    tracing.finish();
  });

  const auto json = nlohmann::json::parse(std::ifstream(file));

  EXPECT_EQ(json["otherData"]["ranks"], 3);
  EXPECT_EQ(json["otherData"]["steps"], 5);
  EXPECT_EQ(json["otherData"]["clock_error_us"], 0) << "threads of a process share their clock";
  EXPECT_TRUE(json["otherData"]["missing_ranks"].empty());
}

TEST(Tracing, keeps_the_logs_of_the_start_before) {
  const test::TemporaryDirectory directory;
  const fs::path file = directory.path() / "trace.json";
  for (int start = 0; start < 3; ++start)
    comm::run_ranks(start == 0 ? 4 : 2, [&](comm::Communicator& comm) {
      Tracing tracing(comm, {.file = file});
      tracing.end_step(1);
    });

  EXPECT_TRUE(fs::exists(directory.path() / "trace.json.ranks" / "rank-00001.0"));
  EXPECT_TRUE(fs::exists(directory.path() / "trace.json.ranks.before" / "rank-00001.0"));
  EXPECT_FALSE(fs::exists(directory.path() / "trace.json.ranks.before" / "rank-00003.0"));
}

TEST(Tracing, does_nothing_without_a_file) {
  comm::run_ranks(2, [&](comm::Communicator& comm) {
    if (comm.rank() == 1) return;  // nothing communicates
    Tracing tracing(comm, {});
    tracing.end_step(1);
    tracing.finish();
    EXPECT_FALSE(telemetry::is_tracing());
  });
}

TEST(Tracing, fails_on_all_ranks_where_no_log_can_be_made) {
  comm::run_ranks(2, [&](comm::Communicator& comm) {
    EXPECT_THROW(Tracing(comm, {.file = "/dev/null/trace.json"}), AgreedError);
  });
}

}  // namespace
}  // namespace rondo::train
