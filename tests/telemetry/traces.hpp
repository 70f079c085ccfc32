// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "rondo/telemetry/trace.hpp"
#include "rondo/telemetry/trace_convert.hpp"

#include "telemetry/trace_clock.hpp"

namespace rondo::telemetry {

inline constexpr std::uint64_t this_clock = 7;

inline Trace::Options options(const std::filesystem::path& directory, int rank = 0, int ranks = 1,
                              std::size_t steps = 100) {
  return {.directory = directory,
          .identity = {.life = 1,
                       .rank = rank,
                       .ranks = ranks,
                       .host = "h\"1\\",
                       .clock = this_clock,
                       .reference = this_clock,
                       .begin = trace_now()},
          .steps = steps};
}

/// A step with a lane in it, and a bucket that ends after the lane.
inline void record_step(Trace& trace, std::uint64_t step) {
  {
    const TraceSpan whole(Activity::step, step);
    std::int64_t bucket_start = 0;
    {
      const TraceSpan lane(Activity::lane, 0);
      trace_instant(Activity::first_gradient, 0);
      bucket_start = trace_now();
    }
    trace_since(bucket_start, Activity::bucket, 3, 4096);
  }
  trace.end_step(step);
}

inline nlohmann::json converted(const std::filesystem::path& directory,
                                DamagedTrace damaged = DamagedTrace::refuse) {
  const std::filesystem::path output = directory / "trace.json";
  convert_trace(directory, output, damaged);
  return nlohmann::json::parse(std::ifstream(output));
}

inline std::set<std::uint64_t> steps_in(const nlohmann::json& trace) {
  std::set<std::uint64_t> steps;
  for (const auto& event : trace["traceEvents"])
    if (event["name"] == "step") steps.insert(event["args"]["step"].get<std::uint64_t>());
  return steps;
}

/// What the format asks of every event, and that spans of a thread nest.
inline void expect_valid(const nlohmann::json& trace) {
  std::map<std::pair<int, int>, std::vector<std::pair<double, double>>> spans;
  for (const auto& event : trace["traceEvents"]) {
    ASSERT_TRUE(event.at("name").is_string() && event.at("ph").is_string());
    ASSERT_TRUE(event.at("pid").is_number_integer() && event.at("tid").is_number_integer());
    ASSERT_TRUE(event.at("args").is_object());
    if (event["ph"] == "M") continue;
    ASSERT_TRUE(event.at("ts").is_number() && event.at("cat").is_string());
    if (event["ph"] == "i") {
      ASSERT_EQ(event.at("s"), "t");
      continue;
    }
    ASSERT_EQ(event["ph"], "X");
    ASSERT_GE(event.at("dur").get<double>(), 0);
    spans[{event["pid"], event["tid"]}].emplace_back(
        event["ts"].get<double>(), event["ts"].get<double>() + event["dur"].get<double>());
  }
  for (auto& [thread, all] : spans) {
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : a.second > b.second;
    });
    std::vector<double> open;
    for (const auto& [begin, end] : all) {
      while (!open.empty() && open.back() <= begin + 1e-4)
        open.pop_back();
      EXPECT_TRUE(open.empty() || end <= open.back() + 1e-4)
          << "overlap at " << begin << " on thread " << thread.second;
      open.push_back(end);
    }
  }
}

}  // namespace rondo::telemetry
