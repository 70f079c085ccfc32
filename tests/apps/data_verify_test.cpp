// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// rondo-data verify, run as a program on good and on spoiled data sets.
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/data_tool_files.hpp"

namespace rondo::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Verify : public ::testing::Test {
 protected:
  Verify() { write_general_set(file_); }

  ProgramResult verify(const std::string& options = "") const {
    return rondo_data(fmt::format("verify {} {}", options, file_.string()));
  }
  /// What `verify --json` says of a spoiled file.
  nlohmann::json problems(const std::string& options = "") const {
    const ProgramResult result = verify("--json " + options);
    EXPECT_EQ(result.code, 65) << result.err;
    EXPECT_EQ(result.err, "");
    return nlohmann::json::parse(result.out)["problems"];
  }

  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "set.h5";
};

TEST_F(Verify, finds_a_good_set_intact) {
  const ProgramResult result = verify("--statistics");

  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, ContainsRegex("set.h5: intact: [0-9]+ chunks of 8 fields in 2 splits"));
}

TEST_F(Verify, finds_a_compressed_set_intact) {
  write_general_set(file_, {.chunk_samples = 8, .shuffle = true, .deflate_level = 3});

  EXPECT_EQ(verify("--statistics").code, 0);
}

TEST_F(Verify, names_the_chunk_of_a_flipped_bit) {
  flip_bit(file_, chunk_offset(file_, "train/image", 2) + 100);

  const auto found = problems();

  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["field"], "train/image");
  EXPECT_EQ(found[0]["chunk"], 2);
  EXPECT_EQ(found[0]["first_sample"], 16);
  EXPECT_EQ(found[0]["last_sample"], 23);
  EXPECT_THAT(found[0]["what"].get<std::string>(), HasSubstr("checksum"));
}

TEST_F(Verify, reports_every_problem_and_not_only_the_first) {
  flip_bit(file_, chunk_offset(file_, "train/image", 0));
  flip_bit(file_, chunk_offset(file_, "test/weight", 1));
  overwrite<std::uint8_t>(file_, "train/label", H5T_NATIVE_UINT8, {7}, {5, 200});
  overwrite<std::uint16_t>(file_, "train/token", H5T_NATIVE_UINT16, {300}, {500});

  const ProgramResult result = verify("--threads 3");

  EXPECT_EQ(result.code, 65);
  EXPECT_THAT(
      result.out,
      AllOf(HasSubstr("train/image: chunk 0 (samples 0 to 7): "),
            HasSubstr("expected labels from 0, below 5 (attribute classes), found 5 at "
                      "sample 7, and 1 more such values"),
            HasSubstr("train/token: chunk 2 (tokens 256 to 383): expected tokens below 500 "
                      "(attribute vocabulary), found 500 at token 300"),
            HasSubstr("test/weight: chunk 1 (samples 8 to 9): "), HasSubstr("set.h5: 4 problems")));
}

TEST_F(Verify, finds_numbers_that_are_not_finite) {
  overwrite<float>(file_, "train/weight", H5T_NATIVE_FLOAT, {9, 1},
                   {std::numeric_limits<float>::quiet_NaN()});
  overwrite<float>(file_, "train/weight", H5T_NATIVE_FLOAT, {33, 0},
                   {std::numeric_limits<float>::infinity()});

  const auto found = problems();

  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0]["what"], "expected finite numbers, found nan in sample 9");
  EXPECT_EQ(found[1]["what"], "expected finite numbers, found inf in sample 33");
}

TEST_F(Verify, lists_problems_up_to_a_bound_and_counts_all) {
  for (std::uint64_t chunk = 0; chunk < 5; ++chunk)
    flip_bit(file_, chunk_offset(file_, "train/image", chunk));

  const ProgramResult result = verify("--most 2 --threads 4");

  EXPECT_EQ(result.code, 65);
  EXPECT_THAT(result.out, AllOf(HasSubstr("chunk 0 "), HasSubstr("chunk 1 "),
                                HasSubstr("and 3 more problems"), HasSubstr("set.h5: 5 problems")));
  EXPECT_THAT(result.out, Not(HasSubstr("chunk 2 ")));
}

TEST_F(Verify, compares_attributes_with_the_samples_if_asked) {
  for (hsize_t sample = 0; sample < 40; ++sample)
    for (hsize_t row = 0; row < 8; ++row)
      overwrite(file_, "train/image", H5T_NATIVE_UINT8, {sample, 1, row, 0},
                std::vector<std::uint8_t>(8, 1));
  overwrite<std::uint8_t>(file_, "test/label", H5T_NATIVE_UINT8, {0}, {4});

  EXPECT_EQ(verify().code, 0);
  const auto found = problems("--statistics");

  ASSERT_EQ(found.size(), 3U) << found;
  EXPECT_THAT(found[0]["what"].get<std::string>(), HasSubstr("attribute mean: expected ("));
  EXPECT_THAT(found[1]["what"].get<std::string>(), HasSubstr("attribute deviation: expected ("));
  EXPECT_THAT(found[2]["what"].get<std::string>(),
              HasSubstr("attribute test@label_counts: expected (1, 2, 2, 2, 3)"));
}

TEST_F(Verify, refuses_a_truncated_file) {
  std::filesystem::resize_file(file_, std::filesystem::file_size(file_) - 1);

  const ProgramResult result = verify();

  EXPECT_EQ(result.code, 65);
  EXPECT_THAT(result.err, HasSubstr("is truncated"));
}

TEST_F(Verify, reads_a_file_of_another_make_by_its_field_map) {
  const hid_t file = H5Fopen(file_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  H5Adelete(file, "format");
  H5Fclose(file);
  flip_bit(file_, chunk_offset(file_, "test/image", 0));

  EXPECT_EQ(verify().code, 65);
  const ProgramResult mapped = verify("--field 'x={split}/image,y={split}/label'");

  EXPECT_EQ(mapped.code, 65);
  EXPECT_THAT(mapped.out, AllOf(HasSubstr("test/image: chunk 0 (samples 0 to 7)"),
                                HasSubstr("1 problem: "), HasSubstr("4 fields in 2 splits")));
}

TEST_F(Verify, names_a_missing_file) {
  const ProgramResult result = rondo_data("verify /nonexistent.h5");

  EXPECT_EQ(result.code, 66);
  EXPECT_THAT(result.out, IsEmpty());
}

}  // namespace
}  // namespace rondo::test
