// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// BatchLoader with a stage: what comes from the file, and what from the copies.
#include <cstdint>
#include <filesystem>
#include <map>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/data/batch_loader.hpp"

#include "data/generated_dataset.hpp"
#include "support/io_errors.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::data {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// What one epoch of a loader gave, and what it took.
struct Epoch {
  std::map<std::uint64_t, std::vector<float>> images;  ///< by sample
  EpochReads reads;
};

class BatchLoaderStageTest : public ::testing::Test {
 protected:
  BatchLoaderStageTest() { write_data(5); }

  /// Deflated images of 23 samples in 6 chunks; `shade` makes them differ.
  void write_data(std::size_t shade) const {
    DatasetDescription description = test::describe(test::small_description());
    description.storage.deflate_level = 1;
    DatasetWriter writer(path_, description);
    for (std::uint64_t sample = 0; sample < 28; ++sample)
      test::append(writer, sample < 23 ? "train" : "test", 1,
                   test::sample_bytes(sample + shade, 24),
                   std::vector<std::uint8_t>{test::sample_label(sample, 3)});
    writer.finish();
  }

  std::optional<StageOptions> stage() const { return StageOptions{stage_.path(), 1 << 20}; }

  Epoch epoch(BatchLoader& loader, const LaneSampler& sampler, std::size_t number) const {
    Epoch epoch;
    for (std::size_t step = 0; step < sampler.steps_per_epoch(); ++step) {
      const LaneBatch& batch = loader.next();
      const auto samples = sampler.samples(batch.epoch, batch.step, 0);
      for (std::size_t i = 0; i < batch.count; ++i) {
        const auto image = batch.images.span().subspan(i * 24, 24);
        epoch.images[samples[i]] = {image.begin(), image.end()};
      }
    }
    epoch.reads = loader.reads(number);
    return epoch;
  }

  Epoch first_epoch(std::optional<StageOptions> options) const {
    Dataset dataset(path_, "train");
    BatchLoader loader(dataset, sampler_, {.chunks_ahead = 0, .stage = std::move(options)});
    return epoch(loader, sampler_, 0);
  }

  fs::path any_copy() const {
    for (const auto& entry : fs::recursive_directory_iterator(stage_.path()))
      if (entry.path().filename() == "2") return entry.path();
    return {};
  }

  const LaneSampler sampler_{
      {.seed = 5, .samples = 23, .chunk_samples = 4, .lanes = 1, .micro_batch = 4, .window = 2}};
  test::TemporaryDirectory directory_, stage_;
  fs::path path_ = directory_.path() / "data.h5";
};

TEST_F(BatchLoaderStageTest, reads_a_second_job_from_copies_alone_and_alike) {
  const Epoch plain = first_epoch(std::nullopt);
  const Epoch first = first_epoch(stage());
  const Epoch second = first_epoch(stage());

  EXPECT_EQ(plain.images.size(), 23U);
  EXPECT_EQ(first.images, plain.images);
  EXPECT_EQ(second.images, plain.images);
  EXPECT_EQ(first.reads.bytes, plain.reads.bytes);
  EXPECT_EQ(first.reads.staged_chunks, 0U);
  EXPECT_EQ(second.reads.bytes, 0U);
  EXPECT_EQ(second.reads.staged_chunks, 6U);
  EXPECT_EQ(second.reads.staged_bytes, plain.reads.bytes);
}

TEST_F(BatchLoaderStageTest, reads_a_second_epoch_from_copies) {
  Dataset dataset(path_, "train");
  BatchLoader loader(dataset, sampler_, {.chunks_ahead = 0, .stage = stage()});

  const Epoch first = epoch(loader, sampler_, 0);
  const Epoch second = epoch(loader, sampler_, 1);

  EXPECT_EQ(second.images, first.images);
  EXPECT_EQ(first.reads.staged_bytes, 0U);
  EXPECT_EQ(second.reads.bytes, 0U);
}

TEST_F(BatchLoaderStageTest, reads_a_damaged_copy_from_the_file_and_copies_it_again) {
  const Epoch first = first_epoch(stage());
  fs::resize_file(any_copy(), 9);

  ::testing::internal::CaptureStderr();
  const Epoch second = first_epoch(stage());

  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("train/image's chunk 2"));
  EXPECT_EQ(second.images, first.images);
  EXPECT_EQ(second.reads.staged_chunks, 5U);
  EXPECT_EQ(first_epoch(stage()).reads.staged_chunks, 6U);
}

TEST_F(BatchLoaderStageTest, never_takes_the_copies_of_a_file_that_was_replaced) {
  const auto time = fs::last_write_time(path_);
  const Epoch before = first_epoch(stage());
  write_data(6);
  fs::last_write_time(path_, time);

  const Epoch after = first_epoch(stage());

  EXPECT_NE(after.images, before.images);
  EXPECT_EQ(after.images, first_epoch(std::nullopt).images);
  EXPECT_EQ(after.reads.staged_chunks, 0U);
}

TEST_F(BatchLoaderStageTest, ends_and_makes_no_copies_when_the_file_changes_while_open) {
  first_epoch(stage());
  Dataset dataset(path_, "train");
  BatchLoader loader(dataset, sampler_, {.depth = 1, .chunks_ahead = 0, .stage = stage()});
  loader.next();
  fs::last_write_time(path_, fs::file_time_type::clock::now());
  fs::remove(any_copy());

  const std::string message = test::io_error_of(ExitCode::bad_content, [&] {
    epoch(loader, sampler_, 0);
    epoch(loader, sampler_, 1);
  });

  EXPECT_THAT(message, HasSubstr("was changed while it was open"));
  EXPECT_EQ(any_copy(), fs::path());
}

TEST_F(BatchLoaderStageTest, refuses_a_directory_that_is_none) {
  Dataset dataset(path_, "train");

  test::io_error_of(ExitCode::cannot_create, [&] {
    BatchLoader(dataset, sampler_, {.stage = StageOptions{path_, 1 << 20}});
  });
}

}  // namespace
}  // namespace rondo::data
