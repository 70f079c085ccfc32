// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/dataset.hpp"

#include <cmath>
#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/data/dataset_writer.hpp"

#include "data/generated_dataset.hpp"
#include "io/hdf5.hpp"
#include "support/io_errors.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::data {
namespace {

using test::append;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DatasetTest : public ::testing::Test {
 protected:
  std::string refusal() const {
    return test::io_error_of(ExitCode::bad_content, [&] { Dataset(path_, "train"); });
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "data.h5";
};

TEST_F(DatasetTest, says_what_the_file_holds) {
  test::generate_dataset(path_, test::small_description());

  const DatasetInfo train = Dataset(path_, "train").info();
  const DatasetInfo test = Dataset(path_, "test").info();

  EXPECT_EQ(train.split, "train");
  EXPECT_EQ(train.samples, 23U);
  EXPECT_EQ(train.sample_elements(), 2U * 3U * 4U);
  EXPECT_EQ(train.classes, 3U);
  EXPECT_EQ(train.chunk_samples, 4U);
  EXPECT_THAT(train.class_names, ElementsAre("a", "b", "c"));
  EXPECT_THAT(train.label_counts, ElementsAre(8, 8, 7));
  EXPECT_EQ(train.source, "generated");
  EXPECT_TRUE(train.checksum);
  EXPECT_GE(train.bytes, 23U * 24U);
  EXPECT_EQ(test.samples, 5U);
}

TEST_F(DatasetTest, holds_mean_and_deviation_of_the_training_split) {
  const auto description = test::small_description();
  test::generate_dataset(path_, description);

  const DatasetInfo info = Dataset(path_, "test").info();

  for (std::size_t channel = 0; channel < 2; ++channel) {
    double sum = 0;
    double squares = 0;
    for (std::uint64_t sample = 0; sample < 23; ++sample) {
      const auto bytes = test::sample_bytes(sample, 24);
      for (std::size_t i = 0; i < 12; ++i) {
        const double value = bytes[channel * 12 + i] / 255.0;
        sum += value;
        squares += value * value;
      }
    }
    const double mean = sum / (23 * 12);
    EXPECT_NEAR(info.mean[channel], mean, 1e-6);
    EXPECT_NEAR(info.deviation[channel], std::sqrt(squares / (23 * 12) - mean * mean), 1e-6);
  }
}

TEST_F(DatasetTest, normalises_exactly_whatever_the_order_and_the_cache) {
  test::generate_dataset(path_, test::small_description());
  const std::vector<std::uint64_t> samples{22, 0, 3, 4, 22, 11};

  for (const std::size_t cache_bytes : {std::size_t{1}, std::size_t{200}, std::size_t{1} << 20}) {
    Dataset dataset(path_, "train", {.cache_bytes = cache_bytes});
    const DatasetInfo& info = dataset.info();
    std::vector<float> images(samples.size() * 24);
    std::vector<std::int32_t> labels(samples.size());

    dataset.read(samples, images, labels);

    for (std::size_t i = 0; i < samples.size(); ++i) {
      const auto bytes = test::sample_bytes(samples[i], 24);
      EXPECT_EQ(labels[i], test::sample_label(samples[i], 3));
      for (std::size_t j = 0; j < 24; ++j) {
        const double mean = info.mean[j / 12];
        const double deviation = info.deviation[j / 12];
        EXPECT_EQ(images[i * 24 + j], static_cast<float>((bytes[j] / 255.0 - mean) / deviation));
      }
    }
  }
}

TEST_F(DatasetTest, refuses_samples_and_buffers_out_of_range) {
  test::generate_dataset(path_, test::small_description());
  Dataset dataset(path_, "train");
  std::vector<float> images(24);
  std::vector<std::int32_t> labels(1);
  const std::vector<std::uint64_t> last{22};
  const std::vector<std::uint64_t> beyond{23};

  dataset.read(last, images, labels);
  EXPECT_THROW(dataset.read(beyond, images, labels), UsageError);
  EXPECT_THROW(dataset.read(last, std::span(images).first(23), labels), UsageError);
  EXPECT_THROW(dataset.read(last, images, std::span(labels).first(0)), UsageError);
}

TEST_F(DatasetTest, names_the_samples_of_a_damaged_chunk) {
  test::generate_dataset(path_, test::small_description());
  const auto bytes = test::sample_bytes(9, 24);
  test::damage(path_, std::string(bytes.begin(), bytes.end()));
  Dataset dataset(path_, "train");
  std::vector<float> images(24);
  std::vector<std::int32_t> labels(1);

  dataset.read(std::vector<std::uint64_t>{7}, images, labels);
  const auto message = test::io_error_of(
      ExitCode::bad_content, [&] { dataset.read(std::vector<std::uint64_t>{10}, images, labels); });

  EXPECT_THAT(message, AllOf(HasSubstr(path_.string()), HasSubstr("train/image"),
                             HasSubstr("rows 8 to 11"), HasSubstr("checksum")));
}

TEST(RequireSameShape, names_both_shapes_of_splits_that_differ) {
  DatasetInfo train;
  train.split = "train";
  train.fields.resize(1);
  train.fields[0].name = "image";
  train.fields[0].sample_shape = {1, 28, 28};
  DatasetInfo other = train;
  other.split = "test";
  require_same_shape(train, other, "x.h5");

  other.fields[0].sample_shape = {1, 14, 56};
  const auto message =
      test::io_error_of(ExitCode::bad_content, [&] { require_same_shape(train, other, "x.h5"); });

  EXPECT_THAT(message,
              HasSubstr("x.h5: test: expected the fields of train (image: u8 (1, 28, 28))"));
  EXPECT_THAT(message, HasSubstr("found image: u8 (1, 14, 56)"));
}

TEST_F(DatasetTest, is_missing_input_when_the_file_is_absent) {
  const auto message = test::io_error_of(ExitCode::missing_input, [&] { Dataset(path_, "train"); });

  EXPECT_THAT(message, HasSubstr(path_.string()));
}

TEST_F(DatasetTest, may_be_read_by_several_threads) {
  test::generate_dataset(path_, test::small_description());
  Dataset dataset(path_, "train", {.cache_bytes = 200});
  std::vector<std::thread> threads;
  for (std::uint64_t first = 0; first < 4; ++first)
    threads.emplace_back([&dataset, first] {
      std::vector<float> images(24);
      std::vector<std::int32_t> labels(1);
      for (std::uint64_t sample = first; sample < 23; sample += 2) {
        dataset.read(std::vector<std::uint64_t>{sample}, images, labels);
        EXPECT_EQ(labels[0], test::sample_label(sample, 3));
      }
    });
  for (std::thread& thread : threads)
    thread.join();
}

/// Files as other tools, or other versions, might write them.
class BadDataset : public DatasetTest {
 protected:
  /// The content of a file, good unless a test changes it.
  struct Content {
    std::string format = "rondo-dataset";
    std::int64_t version = 1;
    std::int64_t classes = 3;
    std::vector<std::string> class_names = {};
    std::vector<double> mean{0.5};
    std::vector<double> deviation{0.25};
    Shape image_shape{4, 1, 2, 2};
    DType image_dtype = DType::u8;
    std::vector<std::uint8_t> labels{0, 1, 2, 0};
    bool has_images = true;
  };

  void write(const Content& content) const {
    io::Hdf5File file = io::Hdf5File::create(path_);
    file.set_text("", "format", content.format);
    file.set_integer("", "version", content.version);
    file.set_integer("", "classes", content.classes);
    if (!content.class_names.empty()) file.set_texts("", "class_names", content.class_names);
    file.set_numbers("", "mean", content.mean);
    file.set_numbers("", "deviation", content.deviation);
    file.create_dataset("train/label", DType::u8, {content.labels.size()})
        .write(std::span(content.labels));
    if (content.has_images) write_images(file, content);
    file.close();
  }

  static void write_images(io::Hdf5File& file, const Content& content) {
    auto image = file.create_dataset("train/image", content.image_dtype, content.image_shape);
    const std::size_t count = element_count(content.image_shape);
    if (content.image_dtype == DType::u8)
      image.write(std::span<const std::uint8_t>(std::vector<std::uint8_t>(count, 1)));
    else
      image.write(std::span<const double>(std::vector<double>(count, 1.0)));
  }

  std::string refusal_of(const Content& content) const {
    write(content);
    return refusal();
  }
};

TEST_F(BadDataset, is_good_as_it_stands_even_without_chunks) {
  write({});
  Dataset dataset(path_, "train");
  std::vector<float> images(4);
  std::vector<std::int32_t> labels(1);

  dataset.read(std::vector<std::uint64_t>{2}, images, labels);

  EXPECT_EQ(images[0], static_cast<float>((1 / 255.0 - 0.5) / 0.25));
  EXPECT_EQ(labels[0], 2);
  EXPECT_FALSE(dataset.info().checksum);
}

TEST_F(BadDataset, is_named_when_it_is_no_data_set) {
  io::Hdf5File::create(path_).close();
  EXPECT_THAT(refusal(), HasSubstr("is not a Rondo data set"));

  EXPECT_THAT(refusal_of({.format = "other"}),
              HasSubstr("attribute format: expected \"rondo-dataset\", found \"other\""));
  EXPECT_THAT(refusal_of({.version = 2}), HasSubstr("attribute version: expected 1, found 2"));
}

TEST_F(BadDataset, names_expected_and_found_of_each_field) {
  EXPECT_THAT(refusal_of({.classes = 0}), HasSubstr("classes: expected 1 to 1048576, found 0"));
  EXPECT_THAT(refusal_of({.class_names = {"a"}}),
              HasSubstr("class_names: expected 3 names, found 1"));
  EXPECT_THAT(refusal_of({.mean = {0.5, 0.5}}), HasSubstr("mean: expected one number for each"));
  EXPECT_THAT(refusal_of({.deviation = {0.0}}), HasSubstr("deviation: expected finite numbers"));
  EXPECT_THAT(refusal_of({.mean = {NAN}}), HasSubstr("mean: expected finite numbers"));
  EXPECT_THAT(refusal_of({.mean = {-0.1}}), HasSubstr("expected finite numbers of at least 0"));
  EXPECT_THAT(refusal_of({.image_shape = {4, 4}}),
              HasSubstr("train/image: expected u8 or f32 (samples, channels, height, width), found "
                        "u8 (4, 4)"));
  EXPECT_THAT(refusal_of({.image_dtype = DType::f64}), HasSubstr("found f64 (4, 1, 2, 2)"));
  EXPECT_THAT(refusal_of({.labels = {0, 1}}),
              HasSubstr("train: expected fields of equal length, found samples: train/image 4, "
                        "train/label 2"));
  EXPECT_THAT(refusal_of({.has_images = false}),
              HasSubstr("train/image: expected a dataset, found nothing"));
}

TEST_F(BadDataset, names_the_first_label_out_of_range) {
  EXPECT_THAT(
      refusal_of({.labels = {0, 1, 3, 200}}),
      HasSubstr("train/label: expected labels from 0, below 3 (attribute classes), found 3 at "
                "sample 2 (2 such samples)"));
}

TEST_F(BadDataset, is_refused_when_empty) {
  EXPECT_THAT(refusal_of({.image_shape = {0, 1, 2, 2}, .labels = {}}),
              HasSubstr("train/image: expected at least one sample"));
}

TEST_F(BadDataset, names_all_that_differs_at_once) {
  const auto message = refusal_of({.classes = -1, .deviation = {-1}, .labels = {0}});

  EXPECT_THAT(message, AllOf(HasSubstr(path_.string() + ": 3 problems"), HasSubstr("classes"),
                             HasSubstr("deviation"), HasSubstr("train/label")));
}

TEST_F(BadDataset, is_refused_without_the_split) {
  write({});

  const auto message = test::io_error_of(ExitCode::bad_content, [&] { Dataset(path_, "test"); });

  EXPECT_THAT(message, HasSubstr("test/image: expected a dataset, found nothing"));
}

class DatasetWriterTest : public DatasetTest {};

TEST_F(DatasetWriterTest, leaves_nothing_when_it_does_not_finish) {
  { const DatasetWriter writer(path_, describe(test::small_description())); }

  EXPECT_EQ(test::entry_count(directory_.path()), 0U);
}

TEST_F(DatasetWriterTest, refuses_what_does_not_fit_the_description) {
  auto no_samples = test::small_description();
  no_samples.test_samples = 0;
  auto other_names = test::small_description();
  other_names.class_names = {"a"};
  EXPECT_THROW(DatasetWriter(path_, describe(no_samples)), UsageError);
  EXPECT_THROW(DatasetWriter(path_, describe(other_names)), UsageError);

  DatasetWriter writer(path_, describe(test::small_description()));
  const std::vector<std::uint8_t> images(24 * 6);
  const std::vector<std::uint8_t> labels(6);
  const std::vector<std::uint8_t> one_image(24);
  const std::vector<std::uint8_t> bad_label{3};
  EXPECT_THROW(append(writer, "test", 6, images, labels), UsageError);
  EXPECT_THROW(append(writer, "test", 2, one_image, labels), UsageError);
  EXPECT_THROW(append(writer, "train", 1, one_image, bad_label), IoError);
  EXPECT_THROW(append(writer, "train", 1, one_image), UsageError);
  EXPECT_THROW(append(writer, "other", 6, images, labels), UsageError);
  EXPECT_THROW(writer.finish(), UsageError);
}

TEST_F(DatasetWriterTest, gives_a_constant_channel_a_usable_deviation) {
  auto description = test::small_description();
  description.train_samples = description.test_samples = 1;
  {
    DatasetWriter writer(path_, describe(description));
    const std::vector<std::uint8_t> image(24, 51);
    const std::vector<std::uint8_t> label{0};
    append(writer, "train", 1, image, label);
    append(writer, "test", 1, image, label);
    writer.finish();
  }

  const DatasetInfo info = Dataset(path_, "train").info();

  EXPECT_THAT(info.mean, ElementsAre(0.2F, 0.2F));
  EXPECT_THAT(info.deviation, ElementsAre(1.0F, 1.0F));
}

}  // namespace
}  // namespace rondo::data
