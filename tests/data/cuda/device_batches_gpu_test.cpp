// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/data/device_batches.hpp"

#include "data/generated_dataset.hpp"
#include "support/gpu_arrays.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::data {
namespace {

constexpr std::size_t sample_elements = 12;
constexpr std::size_t samples = 5;

/// Other numbers in each batch.
LaneBatch numbered_batch(std::size_t number, std::size_t count) {
  LaneBatch batch;
  batch.count = count;
  batch.images = AlignedBuffer<float>(samples * sample_elements);
  batch.labels = AlignedBuffer<std::int32_t>(samples);
  std::iota(batch.images.span().begin(), batch.images.span().end(),
            static_cast<float>(1000 * number));
  std::iota(batch.labels.span().begin(), batch.labels.span().end(),
            static_cast<std::int32_t>(100 * number));
  return batch;
}

/// What a network does with batches: one after another, none waited for.
class Uses {
 public:
  Uses(const Device& device, std::size_t turns, std::size_t elements)
      : elements_(elements),
        images_(device, turns * samples * elements, "a test's images"),
        labels_(device, turns * samples, "a test's labels"),
        expected_images_(images_.size()),
        expected_labels_(labels_.size()) {}

  void add(DeviceStream& stream, const DeviceBatches::Batch& sent, const LaneBatch& expected) {
    ASSERT_EQ(sent.labels.size(), expected.count);
    ASSERT_EQ(sent.images.size(), expected.count * elements_);
    const std::size_t label = samples * turns_++;
    const std::size_t image = label * elements_;
    copy<float>(stream, sent.images, images_.span().subspan(image, sent.images.size()));
    copy<std::int32_t>(stream, sent.labels, labels_.span().subspan(label, expected.count));
    std::copy_n(expected.images.data(), sent.images.size(), expected_images_.data() + image);
    std::copy_n(expected.labels.data(), expected.count, expected_labels_.data() + label);
  }

  void expect_what_was_sent(DeviceStream& stream) {
    std::vector<float> images(images_.size());
    std::vector<std::int32_t> labels(labels_.size());
    copy<float>(stream, images_.span(), std::span(images));
    copy<std::int32_t>(stream, labels_.span(), std::span(labels));
    stream.wait();

    EXPECT_TRUE(test::same_bits(images, expected_images_));
    EXPECT_EQ(labels, expected_labels_);
  }

 private:
  std::size_t elements_;
  DeviceMemory<float> images_;
  DeviceMemory<std::int32_t> labels_;
  std::vector<float> expected_images_;
  std::vector<std::int32_t> expected_labels_;
  std::size_t turns_ = 0;
};

TEST(DeviceBatches, arrive_in_order_whatever_the_host_does_meanwhile) {
  const Device device;
  for (const std::size_t slots : {2, 3, 4}) {
    SCOPED_TRACE(slots);
    DeviceStream stream(device);
    DeviceBatches batches(device,
                          {.samples = samples, .sample_elements = sample_elements, .slots = slots});
    constexpr std::size_t steps = 9;
    Uses uses(device, steps, sample_elements);
    LaneBatch batch;
    std::size_t sent = 0;
    for (std::size_t step = 0; step < steps; ++step) {
      const std::size_t ahead = step % slots;  // also none
      for (; sent < std::min(steps, step + std::max(ahead, std::size_t{1})); ++sent) {
        batch = numbered_batch(sent, sent % (samples + 1));
        batches.send(batch);
      }
      uses.add(stream, batches.take(stream)[0], numbered_batch(step, step % (samples + 1)));
      EXPECT_EQ(batches.ahead(), sent - step - 1);
    }

    uses.expect_what_was_sent(stream);
  }
}

/// Those that lie one behind the other, one by one.
std::vector<DeviceBatches::Batch> parts_of(std::span<const DeviceBatches::Batch> taken) {
  std::vector<DeviceBatches::Batch> parts;
  for (const DeviceBatches::Batch& batch : taken) {
    const std::size_t count = batch.labels.size() / batch.lanes;
    for (std::size_t k = 0; k < batch.lanes; ++k)
      parts.push_back(
          {.images = batch.images.subspan(k * count * sample_elements, count * sample_elements),
           .labels = batch.labels.subspan(k * count, count)});
  }
  return parts;
}

TEST(DeviceBatches, come_several_at_once_and_as_one_if_all_are_full) {
  const std::vector<std::vector<std::size_t>> groups{{samples, samples, samples},
                                                     {samples, 3, samples},
                                                     {samples, samples, samples},
                                                     {samples, samples},
                                                     {2},
                                                     {samples, samples, samples},
                                                     {samples, 0, 0},
                                                     {samples, samples, samples}};
  const Device device;
  for (const std::size_t slots : {2, 3}) {
    DeviceStream stream(device);
    DeviceBatches batches(
        device,
        {.samples = samples, .sample_elements = sample_elements, .lanes = 3, .slots = slots});
    Uses uses(device, 3 * groups.size(), sample_elements);
    std::size_t number = 0;
    for (const auto& group : groups) {
      const std::size_t first = number;
      for (const std::size_t count : group) {
        EXPECT_TRUE(batches.has_room());
        batches.send(numbered_batch(number++, count));
      }
      EXPECT_EQ(batches.ahead(), group.size());
      const auto taken = batches.take(stream);
      const bool all_full = std::ranges::count(group, samples) == std::ssize(group);
      EXPECT_EQ(taken.size(), all_full ? 1 : group.size());
      const auto parts = parts_of(taken);
      ASSERT_EQ(parts.size(), group.size());
      for (std::size_t k = 0; k < group.size(); ++k)
        uses.add(stream, parts[k], numbered_batch(first + k, group[k]));
    }

    uses.expect_what_was_sent(stream);
  }
}

TEST(DeviceBatches, have_room_for_the_slots_that_are_not_in_use) {
  const Device device;
  DeviceStream stream(device);
  EXPECT_THROW(DeviceBatches(device, {.lanes = 0}), UsageError);
  DeviceBatches batches(
      device, {.samples = samples, .sample_elements = sample_elements, .lanes = 2, .slots = 3});
  for (std::size_t number = 0; number < 4; ++number) {
    EXPECT_TRUE(batches.has_room());
    batches.send(numbered_batch(number, samples));
  }
  EXPECT_FALSE(batches.has_room());
  EXPECT_THROW(batches.send(numbered_batch(4, samples)), UsageError);
  EXPECT_EQ(batches.take(stream)[0].lanes, 2U);
  EXPECT_EQ(batches.ahead(), 2U);
  EXPECT_TRUE(batches.has_room());
}

TEST(DeviceBatches, refuse_to_send_into_one_in_use_and_to_take_what_was_not_sent) {
  const Device device;
  DeviceStream stream(device);
  EXPECT_THROW(DeviceBatches(device, {.slots = 1}), UsageError);
  DeviceBatches batches(device,
                        {.samples = samples, .sample_elements = sample_elements, .slots = 3});
  EXPECT_THROW(batches.take(stream), UsageError);
  for (std::size_t number = 0; number < 2; ++number)
    batches.send(numbered_batch(number, samples));
  EXPECT_THROW(batches.send(numbered_batch(2, samples)), UsageError);
  EXPECT_EQ(batches.ahead(), 2U);
}

TEST(DeviceBatches, refuse_more_samples_than_they_have_memory_for) {
  const Device device;
  DeviceBatches batches(device, {.samples = 2, .sample_elements = sample_elements});
  try {
    batches.send(numbered_batch(0, 3));
    ADD_FAILURE() << "no error";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("a batch of 3 samples"));
  }
}

/// The same samples twice: as the loader decodes them, and as a GPU does.
class StoredBatches : public testing::Test {
 protected:
  void generate(DType dtype) {
    if (dtype == DType::u8) return test::generate_dataset(path_, test::small_description());
    auto description = test::describe(test::small_description());
    description.fields.front().dtype = DType::f32;
    DatasetWriter writer(path_, description);
    for (std::uint64_t sample = 0; sample < 28; ++sample)
      test::append(writer, sample < 23 ? "train" : "test", 1,
                   test::gpu_floats(24, static_cast<unsigned>(sample)),
                   std::vector<std::uint8_t>{test::sample_label(sample, 3)});
    writer.finish();
  }

  static LaneSampler sampler(const DatasetInfo& info) {
    return LaneSampler({.seed = 5,
                        .samples = info.samples,
                        .chunk_samples = info.chunk_samples,
                        .lanes = 2,
                        .micro_batch = samples,
                        .window = 2});
  }

  /// All values and labels of two epochs, whose last batches are smaller than the others.
  void compare(const BatchLoader::Options& options, std::size_t slots) {
    Dataset dataset(path_, "train");
    const LaneSampler order = sampler(dataset.info());
    BatchLoader expected_loader(dataset, order, options);
    BatchLoader::Options as_stored = options;
    as_stored.image_form = ImageForm::stored;
    BatchLoader loader(dataset, order, as_stored);
    const ImageDecoding decoding = image_decoding(dataset.info(), options.image_size);
    const Device device;
    DeviceStream stream(device);
    DeviceBatches batches(device, {.samples = samples,
                                   .sample_elements = decoding.elements(),
                                   .slots = slots,
                                   .decoding = decoding});
    const std::size_t turns = 2 * 2 * order.steps_per_epoch();
    Uses uses(device, turns, decoding.elements());
    for (std::size_t turn = 0; turn < turns; ++turn) {
      while (batches.ahead() + 1 < slots)
        batches.send(loader.next());
      uses.add(stream, batches.take(stream)[0], expected_loader.next());
    }

    uses.expect_what_was_sent(stream);
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "data.h5";
};

TEST_F(StoredBatches, have_the_loaders_bits_whatever_is_done_to_images) {
  for (const DType dtype : {DType::u8, DType::f32}) {
    SCOPED_TRACE(name_of(dtype));
    generate(dtype);
    const Augmentation moved{.flip = true, .shift = 2, .noise = 0.25F};
    const Augmentation all{.resized_crop = true, .flip = true, .shift = 1};
    for (const std::size_t slots : {2, 4}) {
      SCOPED_TRACE(slots);
      compare({.last_lane = 2}, slots);
      compare({.last_lane = 2, .seed = 9, .augmentation = moved}, slots);
      compare({.last_lane = 2, .seed = 9, .augmentation = all}, slots);
      compare({.last_lane = 2, .image_size = 5}, slots);
      compare({.last_lane = 2, .image_size = 3, .seed = 9, .augmentation = all}, slots);
    }
  }
}

TEST_F(StoredBatches, refuse_batches_of_another_form_size_or_transform) {
  generate(DType::u8);
  Dataset dataset(path_, "train");
  const LaneSampler order = sampler(dataset.info());
  const ImageDecoding decoding = image_decoding(dataset.info());
  const Device device;
  DeviceBatches plain(device, {.samples = samples, .sample_elements = decoding.elements()});
  DeviceBatches decoding_batches(
      device, {.samples = samples, .sample_elements = decoding.elements(), .decoding = decoding});
  BatchLoader as_decoded(dataset, order, {});
  BatchLoader as_stored(dataset, order, {.image_form = ImageForm::stored});
  LaneBatch changed;
  changed.count = 1;
  changed.labels = AlignedBuffer<std::int32_t>(1);
  changed.stored = {AlignedBuffer<std::byte>(decoding.stored_bytes()),
                    AlignedBuffer<ImageTransform>(1)};

  EXPECT_THROW(plain.send(as_stored.next()), UsageError);
  EXPECT_THROW(decoding_batches.send(as_decoded.next()), UsageError);
  EXPECT_THROW(decoding_batches.send(changed), UsageError);
  EXPECT_THROW(DeviceBatches(device, {.samples = 1, .sample_elements = 23, .decoding = decoding}),
               UsageError);
  EXPECT_NO_THROW(decoding_batches.send(as_stored.next()));
}

}  // namespace
}  // namespace rondo::data
