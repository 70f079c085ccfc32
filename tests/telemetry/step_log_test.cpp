// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/step_log.hpp"

#include <cstdint>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"

#include "support/file_size_limit.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::telemetry {
namespace {

std::vector<nlohmann::json> read_lines(const std::filesystem::path& file) {
  std::ifstream input(file);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(input, line);)
    lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(StepLog, keeps_types_and_order) {
  const std::string text = to_json({{"step", 12},
                                    {"bytes", std::uint64_t{18446744073709551615U}},
                                    {"loss", 0.31},
                                    {"precision", "bf16"},
                                    {"applied", true}});

  EXPECT_EQ(
      text,
      R"({"step":12,"bytes":18446744073709551615,"loss":0.31,"precision":"bf16","applied":true})");
}

TEST(StepLog, writes_shortest_decimals_that_read_back_equal) {
  EXPECT_EQ(to_json({{"lr", 0.1F}}), R"({"lr":0.1})");
  for (const double value : {1.0 / 3.0, 1e-300, 123456789.123456789, -0.0}) {
    const auto object = nlohmann::json::parse(to_json({{"value", value}}));
    EXPECT_EQ(object["value"].get<double>(), value);
  }
}

TEST(StepLog, writes_null_for_what_is_not_finite) {
  EXPECT_EQ(to_json({{"loss", std::numeric_limits<double>::quiet_NaN()},
                     {"scale", std::numeric_limits<float>::infinity()}}),
            R"({"loss":null,"scale":null})");
}

TEST(StepLog, escapes_strings_and_replaces_invalid_bytes) {
  const std::string text = to_json({{"path", "a\"b\\c\nd\xFF"}});

  EXPECT_EQ(nlohmann::json::parse(text)["path"], "a\"b\\c\nd\xEF\xBF\xBD");
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

TEST(StepLog, appends_after_a_partial_line_of_an_earlier_run) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "metrics.ndjson";
  { StepLog(file).write({{"step", 1}}); }
  { std::ofstream(file, std::ios::app) << "{\"step\":2"; }

  { StepLog(file, StepLog::Mode::append).write({{"step", 3}}); }

  std::ifstream input(file);
  const std::string text(std::istreambuf_iterator<char>(input), {});
  EXPECT_EQ(text, "{\"step\":1}\n{\"step\":2\n{\"step\":3}\n");
}

TEST(StepLog, empties_an_existing_file_when_fresh) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "metrics.ndjson";
  { StepLog(file).write({{"step", 1}}); }

  { StepLog(file).write({{"step", 7}}); }

  const auto lines = read_lines(file);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["step"], 7);
}

TEST(StepLog, default_constructed_writes_nothing) {
  StepLog log;
  EXPECT_NO_THROW(log.write({{"step", 1}}));
}

TEST(StepLog, names_the_file_it_cannot_create) {
  try {
    StepLog log("/proc/nowhere/metrics.ndjson");
    FAIL() << "an error was due";
  } catch (const IoError& error) {
    EXPECT_EQ(error.code(), ExitCode::cannot_create);
    EXPECT_THAT(error.what(), testing::HasSubstr("/proc/nowhere/metrics.ndjson"));
  }
}

TEST(StepLog, warns_once_and_keeps_whole_lines_when_the_disk_is_full) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "metrics.ndjson";
  const std::string filler(500, 'x');
  StepLog log(file);
  log.write({{"step", 1}, {"filler", filler}});

  testing::internal::CaptureStderr();
  {
    const test::FileSizeLimit limit(800);  // a line and a half; the captured warning fits
    for (int step = 2; step < 5; ++step)
      log.write({{"step", step}, {"filler", filler}});
  }
  const std::string warnings = testing::internal::GetCapturedStderr();

  EXPECT_THAT(warnings, testing::HasSubstr(file.string()));
  EXPECT_EQ(warnings.find("warning"), warnings.rfind("warning"));
  EXPECT_EQ(read_lines(file).size(), 1U);
  log.write({{"step", 5}});
  EXPECT_EQ(read_lines(file).back()["step"], 5);
}

}  // namespace
}  // namespace rondo::telemetry
