// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/data/device_batches.hpp"

#include "support/gpu_arrays.hpp"

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

TEST(DeviceBatches, arrive_in_order_whatever_the_host_does_meanwhile) {
  const Device device;
  for (const std::size_t slots : {1, 2, 3}) {
    DeviceStream stream(device);
    DeviceBatches batches(device,
                          {.samples = samples, .sample_elements = sample_elements, .slots = slots});
    constexpr std::size_t steps = 7;
    // What a network does with them: one after another, none waited for.
    DeviceMemory<float> images(device, steps * samples * sample_elements, "a test's images");
    DeviceMemory<std::int32_t> labels(device, steps * samples, "a test's labels");
    std::vector<float> expected_images(images.size());
    std::vector<std::int32_t> expected_labels(labels.size());
    LaneBatch batch;
    for (std::size_t step = 0; step < steps; ++step) {
      const std::size_t count = step % (samples + 1);
      batch = numbered_batch(step, count);
      const DeviceBatches::Batch sent = batches.send(stream, batch);
      ASSERT_EQ(sent.labels.size(), count);
      ASSERT_EQ(sent.images.size(), count * sample_elements);
      const std::size_t image = step * samples * sample_elements;
      copy<float>(stream, sent.images, images.span().subspan(image, sent.images.size()));
      copy<std::int32_t>(stream, sent.labels, labels.span().subspan(step * samples, count));
      std::copy_n(batch.images.data(), sent.images.size(),
                  expected_images.begin() + static_cast<std::ptrdiff_t>(image));
      std::copy_n(batch.labels.data(), count,
                  expected_labels.begin() + static_cast<std::ptrdiff_t>(step * samples));
    }
    std::vector<float> found_images(images.size());
    std::vector<std::int32_t> found_labels(labels.size());
    copy<float>(stream, images.span(), std::span(found_images));
    copy<std::int32_t>(stream, labels.span(), std::span(found_labels));
    stream.wait();

    EXPECT_EQ(found_images, expected_images) << slots << " slots";
    EXPECT_EQ(found_labels, expected_labels) << slots << " slots";
  }
}

TEST(DeviceBatches, refuse_more_samples_than_they_have_memory_for) {
  const Device device;
  DeviceStream stream(device);
  DeviceBatches batches(device, {.samples = 2, .sample_elements = sample_elements});
  try {
    static_cast<void>(batches.send(stream, numbered_batch(0, 3)));
    ADD_FAILURE() << "no error";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("a batch of 3 samples"));
  }
}

}  // namespace
}  // namespace rondo::data
