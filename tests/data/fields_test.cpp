// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/fields.hpp"

#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/data/dataset_writer.hpp"

#include "data/generated_dataset.hpp"
#include "io/hdf5.hpp"
#include "support/io_errors.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(FieldMap, has_a_path_for_each_name) {
  const FieldMap map = parse_field_map("image=/x/{split},test/image=/y,label=/{split}/{split}_l");

  EXPECT_EQ(field_path(map, "train", "image"), "/x/train");
  EXPECT_EQ(field_path(map, "test", "image"), "/y");
  EXPECT_EQ(field_path(map, "test", "label"), "/test/test_l");
  EXPECT_EQ(field_path(map, "train", "mask"), "train/mask");
  EXPECT_THAT(parse_field_map(""), IsEmpty());
}

TEST(FieldMap, refuses_what_is_no_mapping) {
  for (const char* text : {"image", "=x", "image=", "image=/a,", "image=/a,image=/b"})
    EXPECT_THROW(parse_field_map(text), Error) << text;
}

TEST(SuitableChunkSamples, makes_about_a_mebibyte_and_enough_chunks) {
  EXPECT_EQ(suitable_chunk_samples(784), 2048U);
  EXPECT_EQ(suitable_chunk_samples(784, 60'000), 256U);
  EXPECT_EQ(suitable_chunk_samples(784, 10), 128U);
  EXPECT_EQ(suitable_chunk_samples(150'528), 8U);
  EXPECT_EQ(suitable_chunk_samples(150'528, 30'000), 8U);
  EXPECT_EQ(suitable_chunk_samples(std::size_t{20} << 20), 1U);
}

class Fields : public ::testing::Test {
 protected:
  template <class T>
  static std::vector<T> counting(std::size_t count, T first = 0) {
    std::vector<T> values(count);
    std::iota(values.begin(), values.end(), first);
    return values;
  }

  std::string refusal(const Dataset::Options& options) const {
    return test::io_error_of(ExitCode::bad_content, [&] { Dataset(path_, "train", options); });
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "data.h5";
};

TEST_F(Fields, of_any_kind_keep_their_samples) {
  {
    DatasetWriter writer(path_,
                         {.fields = {{.name = "feature", .dtype = DType::f32, .sample_shape = {3}},
                                     {.name = "label", .dtype = DType::i64},
                                     {.name = "weight", .dtype = DType::f64}},
                          .splits = {{"train"}}});
    for (int piece = 0; piece < 3; ++piece)
      test::append(writer, "train", 5, counting<float>(15, static_cast<float>(piece * 15)),
                   counting<std::int64_t>(5, piece), counting<double>(5, piece * 5));
    writer.finish();
  }

  Dataset dataset(path_, "train", {.required = {}});

  EXPECT_EQ(dataset.info().samples, 15U);
  EXPECT_EQ(dataset.info().classes, 7U);
  EXPECT_THAT(dataset.info().label_counts, ElementsAre(1, 2, 3, 3, 3, 2, 1));
  ASSERT_THAT(dataset.fields(), SizeIs(3));
  EXPECT_EQ(describe(dataset.fields()[0]), "label: i64 ()");
  EXPECT_EQ(describe(dataset.fields()[1]), "feature: f32 (3)");
  const std::vector<std::uint64_t> samples{14, 0, 7};
  std::vector<float> features(9);
  std::vector<double> weights(3);
  dataset.read_field("feature", samples, std::span(features));
  dataset.read_field("weight", samples, std::span(weights));
  EXPECT_THAT(features, ElementsAre(42, 43, 44, 0, 1, 2, 21, 22, 23));
  EXPECT_THAT(weights, ElementsAre(14, 0, 7));
  EXPECT_THROW(dataset.read_field("weight", samples, std::span(features)), UsageError);
  EXPECT_THROW(dataset.read_field("weigth", samples, std::span(weights)), UsageError);
  EXPECT_THAT(
      test::io_error_of(ExitCode::bad_content, [&] { Dataset(path_, "other", {.required = {}}); }),
      HasSubstr("other: expected a group of fields, found nothing"));
}

TEST_F(Fields, hold_streams_in_samples_of_a_sequence) {
  {
    DatasetWriter writer(path_, {.fields = {{.name = "token",
                                             .dtype = DType::i32,
                                             .sample_shape = {4},
                                             .is_stream = true,
                                             .vocabulary = 100}},
                                 .splits = {{"train"}},
                                 .storage = {.chunk_samples = 2}});
    test::append(writer, "train", 3, counting<std::int32_t>(12));
    test::append(writer, "train", 2, counting<std::int32_t>(8, 12));
    writer.finish();
  }

  Dataset dataset(path_, "train", {.required = {"token"}});

  const FieldInfo& token = dataset.fields().front();
  EXPECT_TRUE(token.is_stream);
  EXPECT_EQ(token.samples, 5U);
  EXPECT_EQ(token.chunk_samples, 2U);
  EXPECT_EQ(token.vocabulary, 100U);
  EXPECT_EQ(describe(token), "token: i32 stream of 4");
  EXPECT_EQ(io::Hdf5File::open(path_).dataset("train/token").shape(), Shape{20});
  std::vector<std::int32_t> sample(8);
  dataset.read_field("token", std::vector<std::uint64_t>{4, 1}, std::span(sample));
  EXPECT_THAT(sample, ElementsAre(16, 17, 18, 19, 4, 5, 6, 7));
}

TEST_F(Fields, share_chunk_borders_unless_they_are_small) {
  {
    DatasetWriter writer(path_, {.fields = {{.name = "image", .sample_shape = {1, 8, 8}},
                                            {.name = "mask", .sample_shape = {4, 8}},
                                            {.name = "label"}},
                                 .splits = {{"train", 1000}},
                                 .storage = {.chunk_samples = 16}});
    test::append(writer, "train", 1000, std::vector<std::uint8_t>(64'000),
                 std::vector<std::uint8_t>(32'000), std::vector<std::uint8_t>(1000));
    writer.finish();
  }

  const DatasetInfo info = Dataset(path_, "train").info();

  EXPECT_EQ(info.chunk_samples, 16U);
  EXPECT_EQ(find_field(info.fields, "mask").chunk_samples, 16U);
  EXPECT_EQ(find_field(info.fields, "label").chunk_samples, 1000U);
}

TEST_F(Fields, normalise_float_images_whose_mean_may_be_negative) {
  {
    DatasetWriter writer(
        path_, {.fields = {{.name = "image", .dtype = DType::f32, .sample_shape = {2, 1, 2}},
                           {.name = "label"}},
                .splits = {{"train"}},
                .classes = 2});
    test::append(writer, "train", 2, std::vector<float>{1, 3, -10, -10, 1, 3, -10, -10},
                 std::vector<std::uint8_t>{0, 1});
    writer.finish();
  }
  Dataset dataset(path_, "train");
  std::vector<float> images(4);
  std::vector<std::int32_t> labels(1);

  dataset.read(std::vector<std::uint64_t>{1}, images, labels);

  EXPECT_THAT(dataset.info().mean, ElementsAre(2, -10));
  EXPECT_THAT(dataset.info().deviation, ElementsAre(1, 1));
  EXPECT_THAT(images, ElementsAre(-1, 1, 0, 0));
  EXPECT_EQ(labels[0], 1);
}

TEST_F(Fields, refuse_images_that_are_not_finite) {
  DatasetWriter writer(path_,
                       {.fields = {{.name = "image", .dtype = DType::f32, .sample_shape = {1, 1}}},
                        .splits = {{"train"}}});
  test::append(writer, "train", 1, std::vector<float>{NAN});

  const auto message = test::io_error_of(ExitCode::bad_content, [&] { writer.finish(); });

  EXPECT_THAT(message, HasSubstr("values that are not finite"));
}

TEST_F(Fields, keep_long_class_names) {
  std::vector<std::string> names(1000);
  for (std::size_t i = 0; i < names.size(); ++i)
    names[i] = std::string(80, 'n') + std::to_string(i);
  {
    DatasetWriter writer(path_, {.fields = {{.name = "label", .dtype = DType::i32}},
                                 .splits = {{"train"}},
                                 .classes = 1000,
                                 .class_names = names});
    test::append(writer, "train", 1, std::vector<std::int32_t>{999});
    writer.finish();
  }

  EXPECT_EQ(Dataset(path_, "train", {.required = {"label"}}).info().class_names, names);
}

/// A file as another program might have made it.
class ForeignFile : public Fields {
 protected:
  ForeignFile() {
    io::Hdf5File file = io::Hdf5File::create(path_);
    file.create_dataset("x_train", DType::u8, {4, 2, 2})
        .write(std::span<const std::uint8_t>(std::vector<std::uint8_t>(16, 51)));
    file.create_dataset("y/train", DType::i64, {4}, {.chunk = {3}})
        .write(std::span<const std::int64_t>(std::vector<std::int64_t>{0, 2, 1, 2}));
    file.create_dataset("nhwc", DType::u8, {4, 8, 8, 3})
        .write(std::span<const std::uint8_t>(std::vector<std::uint8_t>(768)));
    file.close();
  }
};

TEST_F(ForeignFile, is_read_by_a_map_and_what_it_lacks_is_found_out) {
  Dataset dataset(path_, "train",
                  {.field_map = parse_field_map("image=/x_{split},label=/y/{split}")});
  const DatasetInfo& info = dataset.info();
  std::vector<float> images(8);
  std::vector<std::int32_t> labels(2);

  dataset.read(std::vector<std::uint64_t>{3, 0}, images, labels);

  EXPECT_EQ(info.channels, 1U);
  EXPECT_EQ(info.classes, 3U);
  EXPECT_THAT(info.mean, ElementsAre(0.2F));
  EXPECT_THAT(info.notes, ElementsAre(HasSubstr("classes: 3"), HasSubstr("measured on 4 samples")));
  EXPECT_THAT(labels, ElementsAre(2, 0));
  EXPECT_NEAR(images[0], 0.0F, 1e-6);
}

TEST_F(ForeignFile, is_read_with_what_the_caller_gives) {
  const Dataset dataset(path_, "train",
                        {.field_map = parse_field_map("image=x_train,label=y/train"),
                         .given = {.classes = 10, .mean = {0.5F}, .deviation = {0.25F}}});

  EXPECT_EQ(dataset.info().classes, 10U);
  EXPECT_THAT(dataset.info().mean, ElementsAre(0.5F));
  EXPECT_THAT(dataset.info().notes, IsEmpty());
}

TEST_F(ForeignFile, is_refused_without_a_map_or_with_a_wrong_one) {
  EXPECT_THAT(refusal({}), AllOf(HasSubstr("is not a Rondo data set"), HasSubstr("--field")));
  EXPECT_THAT(refusal({.field_map = parse_field_map("image=x,label=y")}),
              AllOf(HasSubstr("2 problems"), HasSubstr("x: expected a dataset, found nothing"),
                    HasSubstr("y: expected a dataset, found another kind of object")));
  EXPECT_THAT(refusal({.field_map = parse_field_map("image=nhwc,label=y/train")}),
              HasSubstr("looks like channels last"));
}

TEST(RequireEnoughSamples, names_samples_and_lanes) {
  DatasetInfo info;
  info.split = "train";
  info.samples = 3;
  require_enough_samples(info, 3, "x.h5");

  const auto message =
      test::io_error_of(ExitCode::bad_content, [&] { require_enough_samples(info, 4, "x.h5"); });

  EXPECT_THAT(message,
              HasSubstr("x.h5: train: expected at least as many samples as lanes (4), found 3"));
}

}  // namespace
}  // namespace rondo::data
