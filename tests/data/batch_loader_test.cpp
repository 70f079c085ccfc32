// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/batch_loader.hpp"

#include <chrono>
#include <fstream>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "data/generated_dataset.hpp"
#include "support/io_errors.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::data {
namespace {

using Image = std::vector<float>;

class BatchLoaderTest : public ::testing::Test {
 protected:
  BatchLoaderTest() { test::generate_dataset(path_, test::small_description()); }

  /// The sampler of the small data set, in windows of 2 chunks.
  static LaneSampler sampler_of(std::size_t lanes, std::size_t micro_batch,
                                std::size_t samples = 23, std::size_t chunk_samples = 4) {
    return LaneSampler({.seed = 5,
                        .samples = samples,
                        .chunk_samples = chunk_samples,
                        .lanes = lanes,
                        .micro_batch = micro_batch,
                        .window = 2});
  }

  static Image image_of(const LaneBatch& batch, std::size_t i) {
    const auto image = batch.images.span().subspan(i * 24, 24);
    return {image.begin(), image.end()};
  }

  /// The images that one epoch yields, by sample, seen through the given lanes and ranks.
  std::map<std::uint64_t, Image> images_of_epoch(std::size_t lanes, std::size_t micro_batch,
                                                 std::size_t ranks) {
    Dataset dataset(path_, "train");
    const LaneSampler sampler = sampler_of(lanes, micro_batch);
    std::map<std::uint64_t, Image> images;
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      BatchLoader loader(dataset, sampler,
                         {.first_lane = rank * lanes / ranks,
                          .last_lane = (rank + 1) * lanes / ranks,
                          .epoch = 2,
                          .seed = 9,
                          .augmentation = {.flip = true, .shift = 1}});
      for (const LaneBatch* batch = &loader.next(); batch->epoch == 2; batch = &loader.next()) {
        const auto samples = sampler.samples(2, batch->step, batch->lane);
        for (std::size_t i = 0; i < batch->count; ++i)
          images[samples[i]] = image_of(*batch, i);
      }
    }
    return images;
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "data.h5";
};

TEST_F(BatchLoaderTest, yields_steps_and_lanes_in_order_across_epochs) {
  Dataset dataset(path_, "train");
  const LaneSampler sampler = sampler_of(3, 4);  // 2 steps
  BatchLoader loader(dataset, sampler,
                     {.first_lane = 1, .last_lane = 3, .epoch = 7, .step = 1, .depth = 2});

  std::vector<std::vector<std::size_t>> positions;
  for (int i = 0; i < 6; ++i) {
    const LaneBatch& batch = loader.next();
    positions.push_back({batch.epoch, batch.step, batch.lane});
  }

  const std::vector<std::vector<std::size_t>> expected{{7, 1, 1}, {7, 1, 2}, {8, 0, 1},
                                                       {8, 0, 2}, {8, 1, 1}, {8, 1, 2}};
  EXPECT_EQ(positions, expected);
  EXPECT_GE(loader.wait_seconds(), 0.0);
}

TEST_F(BatchLoaderTest, yields_what_the_dataset_reads) {
  Dataset dataset(path_, "train");
  const LaneSampler sampler = sampler_of(2, 8);
  BatchLoader loader(dataset, sampler, {.first_lane = 0, .last_lane = 2});

  for (int i = 0; i < 6; ++i) {
    const LaneBatch& batch = loader.next();
    const auto samples = sampler.samples(batch.epoch, batch.step, batch.lane);
    Image images(samples.size() * 24);
    std::vector<std::int32_t> labels(samples.size());
    dataset.read(samples, images, labels);

    ASSERT_EQ(batch.count, samples.size());
    EXPECT_TRUE(std::equal(images.begin(), images.end(), batch.images.data()));
    EXPECT_TRUE(std::equal(labels.begin(), labels.end(), batch.labels.data()));
  }
}

TEST_F(BatchLoaderTest, yields_empty_batches_for_lanes_without_samples) {
  Dataset dataset(path_, "train");
  BatchLoader loader(dataset, sampler_of(4, 1, 2), {.first_lane = 0, .last_lane = 4});

  std::vector<std::size_t> counts;
  for (int i = 0; i < 4; ++i)
    counts.push_back(loader.next().count);

  EXPECT_THAT(counts, ::testing::ElementsAre(1, 1, 0, 0));
}

TEST_F(BatchLoaderTest, changes_a_sample_alike_for_any_lanes_micro_batch_and_ranks) {
  const auto expected = images_of_epoch(1, 23, 1);
  ASSERT_EQ(expected.size(), 23U);

  EXPECT_EQ(images_of_epoch(4, 3, 1), expected);
  EXPECT_EQ(images_of_epoch(4, 3, 2), expected);
  EXPECT_EQ(images_of_epoch(6, 2, 3), expected);
}

TEST_F(BatchLoaderTest, passes_an_error_on_after_the_batches_before_it) {
  auto description = test::small_description();
  description.chunk_samples = 1;
  test::generate_dataset(path_, description);
  const LaneSampler sampler = sampler_of(1, 1, 23, 1);
  const std::uint64_t damaged = sampler.samples(0, 3, 0).front();
  const auto bytes = test::sample_bytes(damaged, 24);
  test::damage(path_, std::string(bytes.begin(), bytes.end()));
  Dataset dataset(path_, "train");
  BatchLoader loader(dataset, sampler, {.depth = 8});

  for (std::size_t step = 0; step < 3; ++step)
    EXPECT_EQ(loader.next().step, step);

  test::io_error_of(ExitCode::bad_content, [&] { loader.next(); });
  test::io_error_of(ExitCode::bad_content, [&] { loader.next(); });
}

TEST_F(BatchLoaderTest, reads_no_further_ahead_than_its_depth) {
  constexpr std::size_t image_bytes = 100 * 100;
  test::generate_dataset(path_, {.train_samples = 200,
                                 .test_samples = 1,
                                 .channels = 1,
                                 .height = 100,
                                 .width = 100,
                                 .classes = 2,
                                 .chunk_samples = 1});
  const auto bytes_read = [] {
    std::ifstream file("/proc/self/io");
    std::string name;
    std::size_t bytes = 0;
    file >> name >> bytes;
    return bytes;
  };
  Dataset dataset(path_, "train", {.cache_bytes = 1});
  const std::size_t before = bytes_read();
  if (before == 0) GTEST_SKIP() << "/proc/self/io counts nothing here";

  BatchLoader loader(dataset, sampler_of(1, 1, 200, 1), {.depth = 3});
  loader.next();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));

  // Three batches, and a little metadata for each.
  EXPECT_LE(bytes_read() - before, 5 * image_bytes);
  EXPECT_GE(bytes_read() - before, 3 * image_bytes);
}

TEST_F(BatchLoaderTest, ends_at_once_whether_full_or_just_started) {
  Dataset dataset(path_, "train");
  const auto start = std::chrono::steady_clock::now();

  for (int i = 0; i < 20; ++i)
    BatchLoader(dataset, sampler_of(1, 4), {.depth = 2});
  {
    BatchLoader loader(dataset, sampler_of(1, 4), {.depth = 2});
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }

  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_F(BatchLoaderTest, works_with_a_depth_of_one) {
  Dataset dataset(path_, "train");
  BatchLoader loader(dataset, sampler_of(1, 4), {.depth = 1});

  for (std::size_t step = 0; step < 6; ++step)
    EXPECT_EQ(loader.next().step, step);
}

TEST_F(BatchLoaderTest, refuses_options_out_of_range) {
  Dataset dataset(path_, "train");
  const LaneSampler sampler = sampler_of(2, 4);  // 3 steps
  const auto make = [&](BatchLoader::Options options) { BatchLoader(dataset, sampler, options); };

  EXPECT_THROW(make({.first_lane = 1, .last_lane = 1}), UsageError);
  EXPECT_THROW(make({.first_lane = 0, .last_lane = 3}), UsageError);
  EXPECT_THROW(make({.step = 3}), UsageError);
  EXPECT_THROW(make({.depth = 0}), UsageError);
  EXPECT_THROW(BatchLoader(dataset, sampler_of(2, 4, 24), {}), UsageError);
  EXPECT_THROW(BatchLoader(dataset, sampler_of(2, 4, 23, 5), {}), UsageError);
}

}  // namespace
}  // namespace rondo::data
