// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/batch_loader.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/data/loader_memory.hpp"

#include "data/augment.hpp"
#include "data/crop.hpp"
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
  EXPECT_GE(loader.statistics().wait_seconds, 0.0);
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

TEST_F(BatchLoaderTest, resizes_the_middle_of_each_image_or_a_random_part_of_it) {
  Dataset dataset(path_, "train");
  const DatasetInfo& info = dataset.info();
  const Extent stored{info.height, info.width};
  const Extent square{3, 3};
  const LaneSampler sampler = sampler_of(1, 5);
  BatchLoader plain(dataset, sampler, {.epoch = 4});
  BatchLoader middle(dataset, sampler, {.epoch = 4, .image_size = 3});
  BatchLoader part(dataset, sampler,
                   {.epoch = 4, .seed = 9, .augmentation = {.resized_crop = true}});
  BatchLoader square_part(
      dataset, sampler,
      {.epoch = 4, .image_size = 3, .seed = 9, .augmentation = {.resized_crop = true}});

  for (std::size_t step = 0; step < sampler.steps_per_epoch(); ++step) {
    const LaneBatch& batch = plain.next();
    const auto samples = sampler.samples(4, step, 0);
    const auto expect = [&](const LaneBatch& resized, std::size_t i, const Crop& crop,
                            const Extent& size) {
      const std::size_t elements = info.channels * size.height * size.width;
      Image expected(elements);
      resize(crop, stored, image_of(batch, i), size, expected);
      const auto actual = resized.images.span().subspan(i * elements, elements);
      EXPECT_EQ(Image(actual.begin(), actual.end()), expected);
    };
    const LaneBatch& of_middle = middle.next();
    const LaneBatch& of_part = part.next();
    const LaneBatch& of_square_part = square_part.next();
    for (std::size_t i = 0; i < batch.count; ++i) {
      expect(of_middle, i, middle_crop(stored), square);
      expect(of_part, i, draw_crop(stored, 9, 4, samples[i]), stored);
      expect(of_square_part, i, draw_crop(stored, 9, 4, samples[i]), square);
    }
  }
}

TEST_F(BatchLoaderTest, hands_out_images_as_stored_with_what_is_to_be_done_to_them) {
  Dataset dataset(path_, "train");
  const LaneSampler sampler = sampler_of(2, 5);
  const BatchLoader::Options options{
      .last_lane = 2,
      .epoch = 4,
      .image_size = 3,
      .seed = 9,
      .augmentation = {.resized_crop = true, .flip = true, .shift = 2, .noise = 0.5F},
      .image_form = ImageForm::stored};
  BatchLoader loader(dataset, sampler, options);

  for (std::size_t i = 0; i < 2 * sampler.steps_per_epoch(); ++i) {
    const LaneBatch& batch = loader.next();
    const auto samples = sampler.samples(4, batch.step, batch.lane);
    ASSERT_EQ(batch.count, samples.size());
    EXPECT_TRUE(batch.images.empty());
    for (std::size_t k = 0; k < samples.size(); ++k) {
      const auto bytes = batch.stored.samples.span().subspan(24 * k, 24);
      const auto expected = test::sample_bytes(samples[k], 24);
      EXPECT_TRUE(std::ranges::equal(bytes, std::as_bytes(std::span(expected))));
      const Crop crop = draw_crop({3, 4}, 9, 4, samples[k]);
      const Change change = draw_change(options.augmentation, 9, 4, samples[k]);
      const ImageTransform& found = batch.stored.transforms[k];
      EXPECT_EQ((Crop{found.top, found.left, {found.height, found.width}}), crop);
      EXPECT_EQ(found.flip, change.flip);
      EXPECT_EQ(found.right, change.right);
      EXPECT_EQ(found.down, change.down);
      EXPECT_TRUE(found.resize);
      EXPECT_EQ(found.noise, 0.5F);
      EXPECT_EQ(found.noise_key, draw_noise_key(9, 4, samples[k]));
    }
  }
}

TEST_F(BatchLoaderTest, holds_as_much_for_stored_images_as_was_planned) {
  Dataset dataset(path_, "train");
  const LaneSampler sampler = sampler_of(1, 5);
  for (const ImageForm form : {ImageForm::decoded, ImageForm::stored}) {
    const BatchLoader::Options options{.image_size = 3, .image_form = form};
    BatchLoader loader(dataset, sampler, options);

    EXPECT_EQ(loader.statistics().batch_bytes,
              planned_memory(dataset.fields(), sampler, options).batch_bytes);
  }
}

TEST_F(BatchLoaderTest, moves_a_stored_image_no_further_than_it_is_long) {
  Dataset dataset(path_, "train");
  BatchLoader loader(dataset, sampler_of(1, 23),
                     {.augmentation = {.shift = 1000}, .image_form = ImageForm::stored});

  for (const ImageTransform& transform : loader.next().stored.transforms.span()) {
    EXPECT_LE(std::abs(transform.down), 3);
    EXPECT_LE(std::abs(transform.right), 4);
    EXPECT_FALSE(transform.resize);
  }
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

/// A compressed token stream and a vector beside it, 50 samples in chunks of 4.
void generate_tokens(const std::filesystem::path& path) {
  DatasetWriter writer(
      path,
      {.fields = {{.name = "token", .dtype = DType::u16, .sample_shape = {32}, .is_stream = true},
                  {.name = "weight", .dtype = DType::f32, .sample_shape = {2}}},
       .splits = {{"train", 50}},
       .storage = {.chunk_samples = 4, .shuffle = true, .deflate_level = 4}});
  for (std::uint16_t sample = 0; sample < 50; ++sample)
    test::append(writer, "train", 1, std::vector<std::uint16_t>(32, sample),
                 std::vector<float>{static_cast<float>(sample), -1.0F});
  writer.finish();
}

TEST_F(BatchLoaderTest, hands_out_other_fields_as_stored_read_either_way) {
  generate_tokens(path_);
  Dataset dataset(path_, "train", {.required = {"token", "weight"}});
  const LaneSampler sampler = sampler_of(2, 3, 50);
  for (const ReadMode mode : {ReadMode::direct, ReadMode::library}) {
    BatchLoader loader(dataset, sampler,
                       {.last_lane = 2, .fields = {"weight", "token"}, .read_mode = mode});
    EXPECT_EQ(loader.obstacle(), "");
    for (int i = 0; i < 40; ++i) {
      const LaneBatch& batch = loader.next();
      const auto samples = sampler.samples(batch.epoch, batch.step, batch.lane);
      ASSERT_EQ(batch.count, samples.size());
      for (std::size_t k = 0; k < samples.size(); ++k) {
        EXPECT_EQ(batch.samples<float>("weight")[2 * k], static_cast<float>(samples[k]));
        EXPECT_EQ(batch.samples<std::uint16_t>("token")[32 * k + 31], samples[k]);
      }
    }
    EXPECT_THROW(loader.next().samples<float>("token"), UsageError);
    EXPECT_THROW(loader.next().other("image"), UsageError);
  }
}

TEST_F(BatchLoaderTest, counts_what_an_epoch_took_from_the_file) {
  Dataset dataset(path_, "train");
  BatchLoader loader(dataset, sampler_of(2, 3), {.last_lane = 2});

  while (loader.next().epoch < 1) {
  }

  const EpochReads reads = loader.reads(0);
  constexpr std::size_t checksum_bytes = 4;  // of each chunk of 4 images; HDF5 pads the last one
  EXPECT_EQ(reads.chunks, 6U);
  EXPECT_EQ(reads.bytes, reads.chunks * (4 * 24 + checksum_bytes));
}

TEST_F(BatchLoaderTest, yields_the_stored_order_pass_after_pass_and_reads_it_once) {
  Dataset dataset(path_, "train");
  const LaneSampler sampler({.samples = 23,
                             .chunk_samples = 4,
                             .lanes = 2,
                             .micro_batch = 5,
                             .order = SampleOrder::stored});
  BatchLoader loader(dataset, sampler, {.first_lane = 1, .last_lane = 2, .chunks_ahead = 8});

  for (std::size_t pass = 0; pass < 3; ++pass) {
    std::uint64_t sample = 23 / 2;
    for (std::size_t step = 0; step < loader.steps_per_epoch(); ++step) {
      const LaneBatch& batch = loader.next();
      for (std::size_t i = 0; i < batch.count; ++i, ++sample) {
        Image image(24);
        std::vector<std::int32_t> label(1);
        dataset.read(std::span(&sample, 1), image, label);
        EXPECT_EQ(image_of(batch, i), image);
        EXPECT_EQ(batch.labels.span()[i], label.front());
      }
    }
    EXPECT_EQ(sample, 23U);
  }
  EXPECT_EQ(loader.reads(0).chunks, 4U);  // of samples 8 to 22
  EXPECT_EQ(loader.reads(1).chunks, 0U);
}

TEST_F(BatchLoaderTest, adds_noise_of_its_deviation_alike_for_any_threads) {
  Dataset dataset(path_, "train");
  const auto images = [&](float noise, std::size_t threads) {
    BatchLoader loader(dataset, sampler_of(1, 23),
                       {.threads = threads, .seed = 4, .augmentation = {.noise = noise}});
    const auto all = loader.next().images.span();
    return Image(all.begin(), all.end());
  };
  const Image plain = images(0, 1);
  const Image noisy = images(0.5F, 1);

  EXPECT_EQ(noisy, images(0.5F, 4));
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const double noise = double{noisy[i]} - double{plain[i]};
    sum += noise;
    squares += noise * noise;
  }
  const auto count = static_cast<double>(plain.size());  // 552
  EXPECT_NEAR(sum / count, 0, 4 * 0.5 / std::sqrt(count));
  EXPECT_NEAR(std::sqrt(squares / count), 0.5, 0.06);
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

TEST_F(BatchLoaderTest, keeps_as_many_batches_valid_as_were_asked_for) {
  for (const std::size_t depth : {1U, 4U}) {
    Dataset dataset(path_, "train");
    BatchLoader expected(dataset, sampler_of(2, 8), {.last_lane = 2});
    BatchLoader loader(dataset, sampler_of(2, 8), {.last_lane = 2, .depth = depth, .kept = 3});
    std::deque<const LaneBatch*> kept;
    for (int turn = 0; turn < 12; ++turn) {
      kept.push_back(&loader.next());
      if (kept.size() < 3) continue;
      const LaneBatch& oldest = *kept.front();
      kept.pop_front();
      const LaneBatch& batch = expected.next();
      EXPECT_EQ(oldest.position, batch.position);
      EXPECT_EQ(oldest.lane, batch.lane);
      ASSERT_EQ(oldest.count, batch.count);
      EXPECT_TRUE(std::ranges::equal(oldest.images.span().first(batch.count * 24),
                                     batch.images.span().first(batch.count * 24)));
    }
  }
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
  EXPECT_THROW(make({.kept = 0}), UsageError);
  EXPECT_THROW(make({.read_mode = ReadMode::library, .stage = StageOptions{"/tmp", 1}}),
               UsageError);
  EXPECT_THROW(BatchLoader(dataset, sampler_of(2, 4, 24), {}), UsageError);
  EXPECT_THROW(BatchLoader(dataset, sampler_of(2, 4, 23, 5), {}), UsageError);
}

}  // namespace
}  // namespace rondo::data
