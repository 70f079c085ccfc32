// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/trace_convert.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"

#include "support/temporary_directory.hpp"
#include "telemetry/trace_clock.hpp"
#include "telemetry/trace_records.hpp"
#include "telemetry/traces.hpp"

namespace rondo::telemetry {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

void append(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
}

TEST(TraceConversion, adds_what_came_behind_the_last_step) {
  const test::TemporaryDirectory directory;
  Trace trace(options(directory.path()));
  const TraceThread trainer(&trace, "trainer");
  record_step(trace, 1);
  { const TraceSpan span(Activity::checkpoint_write, 1); }
  trace.end_step(1);

  const TraceSummary summary = convert_trace(directory.path(), directory.path() / "trace.json");

  EXPECT_EQ(summary.events, 5U);
  EXPECT_EQ(summary.steps, 1U);
}

TEST(TraceConversion, leaves_out_an_unfinished_record_with_a_warning) {
  const test::TemporaryDirectory directory;
  {
    Trace trace(options(directory.path()));
    const TraceThread trainer(&trace, "trainer");
    record_step(trace, 1);
  }
  const fs::path file = directory.path() / "rank-00000.0";
  const auto whole = fs::file_size(file);
  append(file, encode_step({.step = 2, .dropped = 0, .threads = {}, .events = {}}).substr(0, 21));

  const TraceSummary summary = convert_trace(directory.path(), directory.path() / "trace.json");

  EXPECT_EQ(summary.last_step, 1U);
  EXPECT_THAT(summary.warnings,
              ElementsAre(AllOf(HasSubstr("rank-00000.0"), HasSubstr(std::to_string(whole)))));
}

/// A log whose last record is `record`.
void expect_damage(const std::string& record, const std::string& what) {
  const test::TemporaryDirectory directory;
  {
    Trace trace(options(directory.path()));
    const TraceThread trainer(&trace, "trainer");
    record_step(trace, 1);
  }
  const fs::path file = directory.path() / "rank-00000.0";
  const auto offset = fs::file_size(file);
  append(file, record);

  try {
    converted(directory.path());
    ADD_FAILURE() << "no error: " << what;
  } catch (const IoError& e) {
    EXPECT_EQ(e.code(), ExitCode::bad_content);
    EXPECT_THAT(e.what(), AllOf(HasSubstr(what), HasSubstr("byte " + std::to_string(offset))));
  }
  EXPECT_EQ(steps_in(converted(directory.path(), DamagedTrace::skip)),
            (std::set<std::uint64_t>{1}));
}

TEST(TraceConversion, refuses_damage_with_its_place_or_uses_what_stands_before_it) {
  std::string changed = encode_step({.step = 2, .dropped = 0, .threads = {}, .events = {}});
  changed[record_head_bytes] = 3;
  const TraceEvent backwards{.begin = 5, .end = 4};
  const TraceEvent far{.begin = std::int64_t{1} << 61, .end = std::int64_t{1} << 61};
  const std::vector<TracedThread> trainer{{0, "trainer"}};

  expect_damage(changed, "its hash is another");
  expect_damage(encode(RecordKind::step, "short"), "too short");
  expect_damage(encode(static_cast<RecordKind>(9), ""), "no kind 9");
  expect_damage(encode_head({}, {}), "a second head");
  expect_damage(encode_step({2, 0, trainer, {backwards}}), "ends before it begins");
  expect_damage(encode_step({2, 0, trainer, {far}}), "no steady clock");
  expect_damage(encode_step({2, 0, {}, {{.begin = 1, .end = 2}}}), "thread 0");
}

TEST(TraceConversion, takes_any_bytes_for_a_log_without_harm) {
  const test::TemporaryDirectory directory;
  const fs::path file = directory.path() / "rank-00000.0";
  Trace(options(directory.path()));
  std::string bytes;
  {
    std::ifstream in(file, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  bytes += encode_step({1, 0, {{0, "trainer"}}, {{.begin = 1, .end = 2}}});
  for (std::size_t place = 0; place < bytes.size(); ++place) {
    std::string other = bytes;
    other[place] = static_cast<char>(other[place] ^ 0x41);
    std::ofstream(file, std::ios::binary) << other;
    try {
      read_trace_file(file, Damage::error);
    } catch (const IoError& e) {
      EXPECT_EQ(e.code(), ExitCode::bad_content);
    }
  }
}

TEST(TraceConversion, names_ranks_without_a_log_and_needs_at_least_one) {
  const test::TemporaryDirectory directory;
  EXPECT_THROW(converted(directory.path()), IoError);
  EXPECT_THROW(converted(directory.path() / "nowhere"), IoError);
  Trace(options(directory.path(), 1, 4));
  Trace(options(directory.path(), 3, 4));

  const TraceSummary summary = convert_trace(directory.path(), directory.path() / "trace.json");

  EXPECT_THAT(summary.missing_ranks, ElementsAre(0, 2));
  EXPECT_THAT(ranks_with_traces(directory.path()), ElementsAre(1, 3));
}

TEST(TraceConversion, takes_logs_of_the_newest_start_only) {
  const test::TemporaryDirectory directory;
  auto older = options(directory.path(), 0, 2);
  auto newer = options(directory.path(), 1, 2);
  newer.identity.life = 2;
  Trace{older};
  Trace{newer};

  EXPECT_THAT(convert_trace(directory.path(), directory.path() / "trace.json").missing_ranks,
              ElementsAre(0));
}

TEST(TraceConversion, puts_clocks_of_several_hosts_on_one_axis) {
  const test::TemporaryDirectory directory;
  constexpr std::int64_t ahead = 5'000'000'000;
  const std::int64_t now = trace_now();
  for (const int rank : {0, 1}) {
    auto identity = options(directory.path(), rank, 2).identity;
    identity.begin = now + rank * ahead;
    if (rank == 1) identity.clock = 8;
    const std::int64_t at = identity.begin + 1'000'000;
    const std::vector<ClockSample> clocks{{at, ahead, 2000}};
    append(directory.path() / trace_file_name(rank, "0"),
           encode_head(identity, rank == 1 ? std::span<const ClockSample>(clocks)
                                           : std::span<const ClockSample>()) +
               encode_step({1, 0, {{0, "trainer"}}, {{.begin = at, .end = at + 500}}}));
  }

  const TraceSummary summary = convert_trace(directory.path(), directory.path() / "trace.json");
  const auto json = nlohmann::json::parse(std::ifstream(directory.path() / "trace.json"));

  EXPECT_EQ(summary.clock_error_us, 2);
  EXPECT_EQ(json["otherData"]["clock_error_us"], 2);
  for (const auto& event : json["traceEvents"]) {
    if (event["ph"] != "X") continue;
    EXPECT_EQ(event["ts"], 1000.0) << event["pid"];
  }
}

TEST(TraceConversion, says_where_nothing_is_known_of_a_clock) {
  const test::TemporaryDirectory directory;
  auto other = options(directory.path(), 1, 2);
  other.identity.clock = 8;
  Trace{options(directory.path(), 0, 2)};
  Trace{other};

  EXPECT_THAT(convert_trace(directory.path(), directory.path() / "trace.json").warnings,
              ElementsAre(HasSubstr("clock of rank 1")));
}

TEST(ClockMap, goes_straight_from_sample_to_sample) {
  const ClockMap map({{3000, 120, 2}, {1000, 100, 5}});

  EXPECT_EQ(map.to_reference(0), -100);
  EXPECT_EQ(map.to_reference(1000), 900);
  EXPECT_EQ(map.to_reference(2000), 1890);
  EXPECT_EQ(map.to_reference(9000), 8880);
  EXPECT_EQ(map.error(), 5);
  EXPECT_EQ(ClockMap().to_reference(17), 17);
}

}  // namespace
}  // namespace rondo::telemetry
