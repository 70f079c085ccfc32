// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// rondo-data convert idx, run as a program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/data/dataset.hpp"

#include "apps/data_idx_set.hpp"
#include "support/small_disk.hpp"

namespace rondo::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Expects that converting fails with `code` and leaves no output and no temporary.
std::string failure(const IdxSet& set, int code, const std::string& options = "") {
  const auto files_before = entry_count(set.path(""));
  const ProgramResult result = set.convert(options);
  EXPECT_EQ(result.code, code) << result.err;
  EXPECT_THAT(result.err, StartsWith("error: "));
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  EXPECT_EQ(entry_count(set.path("")), files_before);
  return result.err;
}

TEST(ConvertIdx, gives_a_data_set_with_the_same_samples) {
  const IdxSet set;

  const ProgramResult result = set.convert("--chunk 2 --class-names a,b,c,d,e,f,g,h,i,j");

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("5 training and 2 test samples of 1x2x3, 10 classes")));
  EXPECT_EQ(result.err, "");  // no progress line where no terminal is
  data::Dataset train(set.output(), "train");
  const data::DatasetInfo& info = train.info();
  EXPECT_EQ(info.chunk_samples, 2U);
  EXPECT_EQ(info.class_names[9], "j");
  EXPECT_EQ(info.source, set.path("").parent_path().string());
  std::vector<float> image(6);
  std::vector<std::int32_t> label(1);
  train.read(std::vector<std::uint64_t>{4}, image, label);
  EXPECT_EQ(label[0], 3);
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_NEAR(image[i] * info.deviation[0] + info.mean[0],
                static_cast<double>((24 + i) * 8) / 255.0, 1e-5);
}

TEST(ConvertIdx, takes_gzipped_and_singly_named_files) {
  const IdxSet set;
  ASSERT_EQ(set.convert().code, 0);
  const std::string expected = read_file(set.output());
  const std::string source = "--source " + set.path("").parent_path().string();
  ASSERT_EQ(run_program("gzip " + set.path(train_images).string()).code, 0);
  ASSERT_EQ(run_program("gzip " + set.path(test_labels).string()).code, 0);

  const ProgramResult result = run_program(fmt::format(
      "{} convert idx --train-images {}.gz --train-labels {} --test-images {} --test-labels {}.gz "
      "--output {} {}",
      RONDO_DATA_PROGRAM, set.path(train_images).string(), set.path(train_labels).string(),
      set.path(test_images).string(), set.path(test_labels).string(), set.output().string(),
      source));

  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(read_file(set.output()), expected);
  EXPECT_EQ(set.convert().code, 0);
  EXPECT_EQ(read_file(set.output()), expected);
}

TEST(ConvertIdx, converts_the_fashion_mnist_of_debian) {
  const std::filesystem::path source = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(source))
    GTEST_SKIP() << "Debian's package dataset-fashion-mnist is not installed";
  const IdxSet set;

  const ProgramResult result =
      run_program(fmt::format("{} convert idx --directory {} --output {}", RONDO_DATA_PROGRAM,
                              source.string(), set.output().string()));

  ASSERT_EQ(result.code, 0) << result.err;
  const data::DatasetInfo info = data::Dataset(set.output(), "train").info();
  EXPECT_EQ(info.samples, 60'000U);
  EXPECT_NEAR(info.mean[0], 0.2860, 5e-5);
  EXPECT_NEAR(info.deviation[0], 0.3530, 5e-5);
  EXPECT_THAT(info.label_counts, ::testing::Each(6'000));
  EXPECT_THAT(data::Dataset(set.output(), "test").info().label_counts, ::testing::Each(1'000));
}

TEST(ConvertIdx, names_missing_inputs) {
  const IdxSet set;
  std::filesystem::remove(set.path(test_labels));

  EXPECT_THAT(failure(set, 66), HasSubstr("expected t10k-labels-idx1-ubyte or "));
  EXPECT_THAT(failure(set, 66, "--test-labels /nonexistent"),
              HasSubstr("/nonexistent: cannot read the labels: No such file or directory"));
  EXPECT_THAT(failure(set, 66, "--test-labels /usr"), HasSubstr("Is a directory"));
}

TEST(ConvertIdx, refuses_another_magic) {
  const IdxSet set;
  set.write(train_images, "not IDX at all");
  EXPECT_THAT(failure(set, 65), AllOf(HasSubstr(set.path(train_images).string()),
                                      HasSubstr("expected magic 00 00 08 03, found 6e 6f 74 20")));

  set.write(train_images, idx_bytes({5}, "12345"));
  EXPECT_THAT(failure(set, 65), HasSubstr("expected magic 00 00 08 03, found 00 00 08 01"));

  set.write(train_images, "");
  EXPECT_THAT(failure(set, 65), HasSubstr("expected magic 00 00 08 03, found"));
}

TEST(ConvertIdx, refuses_truncated_and_overlong_files) {
  const IdxSet set;
  const std::string whole = read_file(set.path(train_images));

  for (const std::size_t length :
       {std::size_t{4}, std::size_t{15}, std::size_t{16}, whole.size() / 2, whole.size() - 1}) {
    SCOPED_TRACE(length);
    set.write(train_images, whole.substr(0, length));
    EXPECT_THAT(failure(set, 65),
                AllOf(HasSubstr(set.path(train_images).string()), HasSubstr("is truncated")));
  }
  set.write(train_images, whole.substr(0, whole.size() - 1));
  EXPECT_THAT(failure(set, 65), HasSubstr("expected 30 elements, found 29"));
  set.write(train_images, whole + "x");
  EXPECT_THAT(failure(set, 65), HasSubstr("has bytes behind its end: expected 30 elements"));
}

TEST(ConvertIdx, refuses_truncated_and_damaged_gzip) {
  const IdxSet set;
  const auto gzipped = set.path(train_images).string() + ".gz";
  ASSERT_EQ(run_program("gzip --keep " + set.path(train_images).string()).code, 0);
  const std::string whole = read_file(gzipped);

  write_file(gzipped, whole.substr(0, whole.size() - 12));
  EXPECT_THAT(failure(set, 65), HasSubstr("train-images-idx3-ubyte.gz"));

  for (const std::size_t missing : {1U, 8U}) {  // of the trailer: all elements are there
    write_file(gzipped, whole.substr(0, whole.size() - missing));
    EXPECT_THAT(failure(set, 65), HasSubstr("is truncated")) << missing;
  }

  std::string damaged = whole;
  damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 1);  // checksum
  write_file(gzipped, damaged);
  EXPECT_THAT(failure(set, 65), HasSubstr("cannot be decompressed"));
}

TEST(ConvertIdx, refuses_declared_sizes_beyond_the_file) {
  const IdxSet set;

  set.write(train_images, idx_bytes({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, "few"));

  EXPECT_THAT(failure(set, 65), HasSubstr("is truncated: its header declares (4294967295"));
}

TEST(ConvertIdx, refuses_empty_sets_and_mismatches) {
  const IdxSet set;
  set.write(train_labels, idx_bytes({4}, {0, 9, 1, 1}));
  EXPECT_THAT(failure(set, 65), HasSubstr("expected 5 labels, one for each image"));

  set.write(train_images, idx_bytes({0, 2, 3}, ""));
  EXPECT_THAT(failure(set, 65), HasSubstr("holds no samples"));

  const IdxSet other;
  other.write(test_images, idx_bytes({2, 3, 2}, std::string(12, 'x')));
  EXPECT_THAT(failure(other, 65),
              HasSubstr("expected the fields of the training input (image: u8 (1, 2, 3)"));
}

TEST(ConvertIdx, refuses_labels_out_of_range) {
  const IdxSet set;

  EXPECT_THAT(failure(set, 65, "--classes 9"),
              AllOf(HasSubstr(set.path(train_labels).string()),
                    HasSubstr("expected labels below 9 (--classes), found 9 at sample 1")));
}

TEST(ConvertIdx, refuses_unusable_options) {
  const IdxSet set;

  EXPECT_THAT(failure(set, 2, "--chunks 5"), HasSubstr("did you mean --chunk?"));
  EXPECT_THAT(failure(set, 2, "--chunk x"), HasSubstr("--chunk is 'x'"));
  EXPECT_THAT(failure(set, 2, "--class-names a,b"), HasSubstr("expected 10 names"));
  const ProgramResult no_input =
      run_program(fmt::format("{} convert idx --output x.h5", RONDO_DATA_PROGRAM));
  EXPECT_EQ(no_input.code, 2);
  EXPECT_THAT(no_input.err, HasSubstr("give --directory, or all four files"));
}

TEST(ConvertIdx, keeps_an_older_output_when_it_fails) {
  const IdxSet set;
  ASSERT_EQ(set.convert().code, 0);
  const std::string before = read_file(set.output());

  failure(set, 65, "--classes 2");

  EXPECT_EQ(read_file(set.output()), before);
}

TEST(ConvertIdx, says_why_the_output_cannot_be_created) {
  const IdxSet set;

  const ProgramResult absent = set.convert_to("/nonexistent/out.h5");
  const ProgramResult forbidden = set.convert_to("/proc/out.h5");

  EXPECT_EQ(absent.code, 73);
  EXPECT_THAT(absent.err, HasSubstr("/nonexistent/out.h5: cannot create: No such file"));
  EXPECT_EQ(forbidden.code, 73);
}

TEST(ConvertIdx, leaves_nothing_on_a_full_disk) {
  const SmallDisk disk("4k");
  if (!disk.failure().empty()) GTEST_SKIP() << disk.failure();
  const IdxSet set;

  const ProgramResult result = set.convert_to(disk.path() / "out.h5");

  EXPECT_EQ(result.code, 74) << result.err;
  EXPECT_THAT(result.err, HasSubstr("out.h5: cannot write: No space left on device"));
  EXPECT_EQ(entry_count(disk.path()), 0U);
}

}  // namespace
}  // namespace rondo::test
