// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/data/image_decoder.hpp"

#include "data/augment.hpp"
#include "data/crop.hpp"
#include "data/generated_dataset.hpp"
#include "data/sample_values.hpp"
#include "support/gpu_arrays.hpp"

namespace rondo::data {
namespace {

/// Images of one size to images of another one.
struct Sizes {
  std::size_t channels;
  Extent stored;
  Extent image;
};

ImageDecoding decoding_of(const Sizes& sizes, DType stored) {
  ImageDecoding decoding{.stored = stored,
                         .channels = sizes.channels,
                         .stored_height = sizes.stored.height,
                         .stored_width = sizes.stored.width,
                         .height = sizes.image.height,
                         .width = sizes.image.width};
  for (std::size_t channel = 0; channel < sizes.channels; ++channel) {
    // The last channel's mean is a byte's value: a table that registers cannot have.
    const auto number = static_cast<float>(channel);
    decoding.mean.push_back(channel + 1 == sizes.channels ? 111 / 255.0F : 0.45F + 0.01F * number);
    decoding.deviation.push_back(0.229F + 0.03F * number);
  }
  return decoding;
}

std::vector<std::byte> stored_images(const ImageDecoding& decoding, std::size_t count) {
  std::vector<std::byte> bytes(count * decoding.stored_bytes());
  if (decoding.stored == DType::f32) {
    const auto values = test::gpu_floats(bytes.size() / sizeof(float), 7, true);
    std::memcpy(bytes.data(), values.data(), bytes.size());
  } else {
    const auto values = test::sample_bytes(count, bytes.size());
    std::memcpy(bytes.data(), values.data(), bytes.size());
  }
  return bytes;
}

ImageTransform whole(const ImageDecoding& decoding) {
  return {.height = static_cast<std::uint32_t>(decoding.stored_height),
          .width = static_cast<std::uint32_t>(decoding.stored_width)};
}

/// Every flip with shifts of none, some, all and all but one of the pixels, each way.
std::vector<ImageTransform> changed(const ImageDecoding& decoding, ImageTransform transform) {
  const auto shifts = [](std::size_t length) {
    const auto all = static_cast<std::int32_t>(length);
    return std::vector<std::int32_t>{0, 1, -1, all - 1, 1 - all, all, -all};
  };
  std::vector<ImageTransform> transforms;
  for (const bool flip : {false, true})
    for (const std::int32_t down : shifts(decoding.height))
      for (const std::int32_t right : shifts(decoding.width)) {
        transform.flip = flip;
        transform.down = down;
        transform.right = right;
        transforms.push_back(transform);
      }
  return transforms;
}

/// Parts as random crops have them, the middle, the whole, one pixel.
std::vector<ImageTransform> resized(const ImageDecoding& decoding) {
  const Extent stored{decoding.stored_height, decoding.stored_width};
  std::vector<Crop> crops{middle_crop(stored), {.extent = stored}, {.extent = {1, 1}}};
  for (std::uint64_t sample = 0; sample < 9; ++sample)
    crops.push_back(draw_crop(stored, 3, 1, sample));
  std::vector<ImageTransform> transforms;
  for (const Crop& crop : crops)
    transforms.push_back({.top = static_cast<std::uint32_t>(crop.top),
                          .left = static_cast<std::uint32_t>(crop.left),
                          .height = static_cast<std::uint32_t>(crop.extent.height),
                          .width = static_cast<std::uint32_t>(crop.extent.width),
                          .right = static_cast<std::int32_t>(transforms.size() % 2),
                          .flip = transforms.size() % 3 == 1,
                          .resize = true});
  return transforms;
}

/// By the functions that the loader fills batches with.
std::vector<float> decoded_by_cpu(const ImageDecoding& decoding, std::span<const std::byte> stored,
                                  const ImageTransform& transform) {
  DatasetInfo info;
  info.channels = decoding.channels;
  info.height = decoding.stored_height;
  info.width = decoding.stored_width;
  info.mean = decoding.mean;
  info.deviation = decoding.deviation;
  std::vector<float> image(info.sample_elements());
  ImageNormalizer(info).normalize(decoding.stored, stored, image);
  if (transform.resize) {
    const std::vector<float> all = image;
    image.resize(decoding.elements());
    resize({transform.top, transform.left, {transform.height, transform.width}},
           {info.height, info.width}, all, {decoding.height, decoding.width}, image);
  }
  std::vector<float> scratch;
  apply_change({transform.flip, transform.right, transform.down}, decoding.height, decoding.width,
               image, scratch);
  add_noise(transform.noise, transform.noise_key, image);
  return image;
}

template <class T>
std::vector<T> laid_out(const ImageDecoding& decoding, const std::vector<float>& image,
                        ImageLayout layout) {
  const std::size_t pixels = decoding.height * decoding.width;
  std::vector<T> values;
  for (std::size_t i = 0; i < image.size(); ++i) {
    const std::size_t planar = i % decoding.channels * pixels + i / decoding.channels;
    values.push_back(static_cast<T>(image[layout == ImageLayout::planar ? i : planar]));
  }
  return values;
}

template <class T>
void expect_the_cpus_bits(const ImageDecoding& decoding,
                          const std::vector<ImageTransform>& transforms, ImageLayout layout) {
  const Device device;
  DeviceStream stream(device);
  const ImageDecoder decoder(device, decoding);
  const std::vector<std::byte> stored = stored_images(decoding, transforms.size());
  std::vector<T> expected;
  for (std::size_t i = 0; i < transforms.size(); ++i) {
    ASSERT_NO_THROW(check(transforms[i], decoding));
    const auto image = decoded_by_cpu(
        decoding, std::span(stored).subspan(i * decoding.stored_bytes(), decoding.stored_bytes()),
        transforms[i]);
    const auto values = laid_out<T>(decoding, image, layout);
    expected.insert(expected.end(), values.begin(), values.end());
  }
  test::OnGpu<std::byte> stored_there(device, stream, stored);
  test::OnGpu<ImageTransform> transforms_there(device, stream, transforms);
  test::OnGpu<T> images(device, stream, std::vector<T>(expected.size(), T(-7.0F)));

  decoder.decode<T>(stream, stored_there.span(), transforms_there.span(), images.span(), layout);

  EXPECT_TRUE(test::same_bits(images.read(), expected))
      << decoding.channels << "x" << decoding.stored_height << "x" << decoding.stored_width
      << " to " << decoding.height << "x" << decoding.width << " from " << name_of(decoding.stored)
      << " to " << name_of(dtype_of<T>);
}

void expect_the_cpus_bits(const ImageDecoding& decoding,
                          const std::vector<ImageTransform>& transforms) {
  for (const ImageLayout layout : {ImageLayout::planar, ImageLayout::channels_last}) {
    expect_the_cpus_bits<float>(decoding, transforms, layout);
    expect_the_cpus_bits<bfloat16>(decoding, transforms, layout);
    expect_the_cpus_bits<half>(decoding, transforms, layout);
  }
}

TEST(ImageDecoder, has_the_cpus_bits_for_every_flip_and_shift) {
  for (const Sizes& sizes : {Sizes{1, {1, 1}, {1, 1}}, Sizes{1, {28, 28}, {28, 28}},
                             Sizes{3, {5, 7}, {5, 7}}, Sizes{2, {33, 31}, {33, 31}}})
    for (const DType stored : {DType::u8, DType::f32}) {
      const ImageDecoding decoding = decoding_of(sizes, stored);
      expect_the_cpus_bits(decoding, changed(decoding, whole(decoding)));
    }
}

TEST(ImageDecoder, has_the_cpus_bits_for_parts_that_are_resized) {
  for (const Sizes& sizes : {Sizes{1, {1, 1}, {3, 2}}, Sizes{3, {40, 24}, {32, 32}},
                             Sizes{3, {19, 23}, {19, 23}}, Sizes{2, {33, 31}, {1, 5}}})
    for (const DType stored : {DType::u8, DType::f32}) {
      const ImageDecoding decoding = decoding_of(sizes, stored);
      expect_the_cpus_bits(decoding, resized(decoding));
    }
}

TEST(ImageDecoder, has_the_cpus_bits_of_noise) {
  for (const Sizes& sizes :
       {Sizes{1, {1, 1}, {1, 1}}, Sizes{3, {5, 7}, {5, 7}}, Sizes{2, {33, 31}, {33, 31}}}) {
    const ImageDecoding decoding = decoding_of(sizes, DType::u8);
    std::vector<ImageTransform> transforms = changed(decoding, whole(decoding));
    for (std::size_t i = 0; i < transforms.size(); ++i) {
      transforms[i].noise = i % 3 == 0 ? 0.0F : 0.05F * static_cast<float>(i);
      transforms[i].noise_key = draw_noise_key(11, 2, i);
    }
    expect_the_cpus_bits(decoding, transforms);
  }
}

TEST(ImageDecoder, decodes_one_image_and_none) {
  const ImageDecoding decoding = decoding_of({3, {6, 5}, {6, 5}}, DType::u8);
  expect_the_cpus_bits(decoding, {whole(decoding)});
  expect_the_cpus_bits(decoding, {});
}

/// An image that its check refuses.
void expect_refused(const ImageTransform& transform, const ImageDecoding& decoding,
                    const char* message) {
  try {
    check(transform, decoding);
    ADD_FAILURE() << "no error: " << message;
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(message));
  }
}

TEST(ImageDecoder, refuses_transforms_that_do_not_fit_the_images) {
  const ImageDecoding decoding = decoding_of({3, {6, 5}, {4, 4}}, DType::u8);
  const auto refuse = [&](const ImageTransform& transform, const char* message) {
    expect_refused(transform, decoding, message);
  };

  refuse({.height = 7, .width = 5, .resize = true}, "a part of 7x5 at (0, 0) is not within images");
  refuse({.top = 3, .height = 4, .width = 4}, "a part of 4x4 at (3, 0)");
  refuse({.left = 0xFFFFFFFFU, .height = 4, .width = 4}, "a part of 4x4 at (0, 4294967295)");
  refuse({.height = 0, .width = 4, .resize = true}, "a part of 0x4");
  refuse({.height = 6, .width = 5}, "not resized for images of 4x4");
  refuse({.height = 4, .width = 4, .right = -5}, "moved by (0, -5)");
  refuse({.height = 4, .width = 4, .down = 5}, "moved by (5, 0)");
  EXPECT_NO_THROW(check({.top = 2, .left = 1, .height = 4, .width = 4}, decoding));
}

TEST(ImageDecoder, refuses_what_it_cannot_decode) {
  const Device device;
  const ImageDecoding decoding = decoding_of({3, {6, 5}, {4, 4}}, DType::u8);
  const auto refused = [&](auto change) {
    ImageDecoding changed = decoding;
    change(changed);
    EXPECT_THROW(ImageDecoder(device, changed), UsageError);
  };
  refused([](ImageDecoding& other) { other.stored = DType::u16; });
  refused([](ImageDecoding& other) { other.mean.pop_back(); });
  refused([](ImageDecoding& other) { other.deviation.push_back(1); });
  refused([](ImageDecoding& other) { other.width = 0; });
  refused([](ImageDecoding& other) { other.stored_height = std::size_t{1} << 40; });
  refused([](ImageDecoding& other) { other.height = other.width = std::size_t{1} << 16; });

  DeviceStream stream(device);
  const ImageDecoder decoder(device, decoding);
  DeviceMemory<std::byte> stored(device, decoding.stored_bytes(), "a test's images");
  DeviceMemory<ImageTransform> transforms(device, 1, "a test's transforms");
  DeviceMemory<float> images(device, decoding.elements() + 1, "a test's images");
  EXPECT_THROW(decoder.decode(stream, stored.span(), transforms.span(), images.span()), UsageError);
}

}  // namespace
}  // namespace rondo::data
