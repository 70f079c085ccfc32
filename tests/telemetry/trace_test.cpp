// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/trace.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/child_process.hpp"
#include "support/temporary_directory.hpp"
#include "telemetry/trace_records.hpp"
#include "telemetry/traces.hpp"

namespace rondo::telemetry {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;
using testing::SizeIs;

std::size_t bytes_in(const fs::path& directory) {
  std::size_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(directory))
    bytes += entry.file_size();
  return bytes;
}

TEST(Trace, records_nothing_on_a_thread_without_one) {
  const TraceSpan span(Activity::step);

  EXPECT_FALSE(is_tracing());
  EXPECT_EQ(current_trace(), nullptr);
  trace_since(trace_now(), Activity::bucket);
}

TEST(Trace, becomes_valid_events_by_process_and_thread) {
  const test::TemporaryDirectory directory;
  {
    Trace trace(options(directory.path()));
    const TraceThread trainer(&trace, "trainer");
    std::thread([inherited = current_trace()] {
      const TraceThread loader(inherited, "loader 0");
      const TraceSpan span(Activity::read, 17);
    }).join();
    record_step(trace, 1);
    record_step(trace, 2);
  }

  const auto json = converted(directory.path());

  expect_valid(json);
  EXPECT_EQ(steps_in(json), (std::set<std::uint64_t>{1, 2}));
  std::map<std::string, nlohmann::json> by_name;
  std::set<std::string> names;
  for (const auto& event : json["traceEvents"]) {
    by_name[event["name"]] = event;
    if (event["ph"] == "M" && event["args"].contains("name")) names.insert(event["args"]["name"]);
  }
  EXPECT_EQ(names, (std::set<std::string>{"rank 0 (h\"1\\)", "trainer", "loader 0", "buckets 1"}));
  EXPECT_EQ(by_name["read"]["args"]["chunk"], 17);
  EXPECT_EQ(by_name["read"]["cat"], "data");
  EXPECT_EQ(by_name["bucket"]["args"]["bytes"], 4096);
  EXPECT_EQ(by_name["bucket"]["args"]["bucket"], 3);
  EXPECT_NE(by_name["bucket"]["tid"], by_name["lane"]["tid"]);
  EXPECT_EQ(by_name["first gradient"]["ph"], "i");
}

TEST(Trace, keeps_the_last_steps_and_some_of_all) {
  const test::TemporaryDirectory directory;
  const auto bounded = options(directory.path(), 0, 1, 10);
  Trace trace(bounded);
  const TraceThread trainer(&trace, "trainer");
  std::size_t most = 0;
  for (std::uint64_t step = 1; step <= 1000; ++step) {
    record_step(trace, step);
    most = std::max(most, bytes_in(directory.path()));
  }

  const auto steps = steps_in(converted(directory.path()));

  for (std::uint64_t step = 991; step <= 1000; ++step)
    EXPECT_TRUE(steps.contains(step)) << step;
  for (std::uint64_t step = 128; step <= 896; step += 128)
    EXPECT_TRUE(steps.contains(step)) << step;
  EXPECT_LE(steps.size(), 30U);
  EXPECT_LE(most, Trace::most_bytes(bounded));
  EXPECT_LT(most, 60'000U);
}

TEST(Trace, keeps_so_many_events_of_a_step_and_counts_the_others) {
  const test::TemporaryDirectory directory;
  auto few = options(directory.path());
  few.events = 4;
  Trace trace(few);
  const TraceThread trainer(&trace, "trainer");
  for (int i = 0; i < 10; ++i)
    const TraceSpan span(Activity::fill, 1);
  trace.end_step(1);

  const TraceSummary summary = convert_trace(directory.path(), directory.path() / "trace.json");

  EXPECT_EQ(summary.events, 4U);
  EXPECT_EQ(summary.dropped_events, 6U);
}

TEST(Trace, puts_overlapping_buckets_on_tracks_of_their_own) {
  const test::TemporaryDirectory directory;
  Trace trace(options(directory.path()));
  const TraceThread trainer(&trace, "trainer");
  const std::int64_t first = trace_now();
  const std::int64_t second = trace_now();
  trace_since(first, Activity::bucket, 0, 1);
  trace_since(second, Activity::bucket, 1, 1);
  trace.end_step(1);

  const auto json = converted(directory.path());

  expect_valid(json);
  std::set<int> tracks;
  for (const auto& event : json["traceEvents"])
    if (event["name"] == "bucket") tracks.insert(event["tid"].get<int>());
  EXPECT_THAT(tracks, SizeIs(2));
}

TEST(Trace, of_a_killed_process_has_its_whole_steps) {
  const test::TemporaryDirectory directory;
  test::ChildProcess child([&] {
    Trace trace(options(directory.path()));
    const TraceThread trainer(&trace, "trainer");
    for (std::uint64_t step = 1;; ++step)
      record_step(trace, step);
  });
  while (!fs::exists(directory.path() / "rank-00000.1"))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  child.kill();

  const auto json = converted(directory.path());

  expect_valid(json);
  EXPECT_GE(steps_in(json).size(), 100U);
}

TEST(Trace, forgets_every_other_clock_sample_where_there_are_many) {
  const test::TemporaryDirectory directory;
  Trace trace(options(directory.path(), 0, 1, 1));
  for (std::int64_t i = 0; i < 100; ++i)
    trace.add_clock({.at = i});
  trace.end_step(1);
  trace.end_step(2);  // in the other file, whose head has all samples

  const TraceFile file = read_trace_file(directory.path() / "rank-00000.1", Damage::error);

  EXPECT_THAT(file.clocks, testing::Not(IsEmpty()));
  EXPECT_LE(file.clocks.size(), most_clock_samples);
  EXPECT_EQ(file.clocks.front().at, 0);
  EXPECT_EQ(file.clocks.back().at, 99);
}

}  // namespace
}  // namespace rondo::telemetry
