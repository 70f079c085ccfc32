// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// rondo-data inspect and the choice of commands, run as a program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/data_idx_set.hpp"

namespace rondo::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

ProgramResult rondo_data(const std::string& arguments) {
  return run_program(fmt::format("{} {}", RONDO_DATA_PROGRAM, arguments));
}

TEST(Inspect, prints_a_table) {
  const IdxSet set;
  ASSERT_EQ(set.convert("--source here --class-names a,b,c,d,e,f,g,h,i,j").code, 0);

  const ProgramResult result = rondo_data("inspect " + set.output().string());

  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("source     here\n"));
  EXPECT_THAT(result.out, ContainsRegex("train/image: u8 .1, 2, 3. +5 +1 +5 .*Fletcher32\n"));
  EXPECT_THAT(result.out, ContainsRegex("test/label: u8 .. +2 +1 +2 .*Fletcher32\n"));
  EXPECT_THAT(result.out, HasSubstr("mixing "));
  EXPECT_THAT(result.out, ContainsRegex("\n1 +b +2 +0\n"));
}

TEST(Inspect, prints_json) {
  const IdxSet set;
  ASSERT_EQ(set.convert().code, 0);

  const ProgramResult result = rondo_data("inspect --json " + set.output().string());

  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["classes"], 10);
  EXPECT_EQ(json["file_bytes"], std::filesystem::file_size(set.output()));
  EXPECT_EQ(json["splits"]["train"]["samples"], 5);
  EXPECT_EQ(json["splits"]["train"]["shape"], (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(json["splits"]["test"]["label_counts"][4], 1);
  EXPECT_GT(json["splits"]["train"]["mixing"], 0);
  const auto image = json["splits"]["train"]["fields"][0];
  EXPECT_EQ(image["name"], "image");
  EXPECT_EQ(image["sample_shape"], (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(image["chunks"], 1);
  EXPECT_EQ(image["filters"], std::vector<std::string>{"Fletcher32"});
  EXPECT_EQ(image["obstacle"], "");
}

TEST(Inspect, names_what_is_missing_or_bad) {
  const IdxSet set;

  const ProgramResult missing = rondo_data("inspect /nonexistent.h5");
  const ProgramResult bad = rondo_data("inspect " + set.path(train_images).string());

  EXPECT_EQ(missing.code, 66);
  EXPECT_THAT(missing.err, HasSubstr("/nonexistent.h5: cannot read: No such file or directory"));
  EXPECT_EQ(bad.code, 65);
  EXPECT_THAT(bad.err, HasSubstr("is not an HDF5 file: expected signature"));
}

TEST(RondoData, describes_itself_and_its_commands) {
  EXPECT_THAT(rondo_data("--help").out, HasSubstr("convert idx"));
  EXPECT_THAT(rondo_data("convert idx --help").out, HasSubstr("--train-images"));
  EXPECT_THAT(rondo_data("convert idx --help").out, HasSubstr("Example:"));
  EXPECT_THAT(rondo_data("inspect --help").out, HasSubstr("--json"));
  EXPECT_EQ(rondo_data("convert idx --help").code, 0);
}

TEST(RondoData, names_the_nearest_command) {
  const ProgramResult misspelt = rondo_data("inspct x");
  const ProgramResult none = rondo_data("");
  const ProgramResult format = rondo_data("convert mnist");

  EXPECT_EQ(misspelt.code, 2);
  EXPECT_THAT(misspelt.err, HasSubstr("unknown command 'inspct': did you mean inspect?"));
  EXPECT_EQ(none.code, 2);
  EXPECT_EQ(format.code, 2);
  EXPECT_THAT(format.err, HasSubstr("unknown format 'mnist'"));
}

}  // namespace
}  // namespace rondo::test
