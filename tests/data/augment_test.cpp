// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/augment.hpp"

#include <cmath>
#include <cstdint>
#include <map>
#include <numbers>
#include <numeric>

#include <gtest/gtest.h>

#include "rondo/base/philox.hpp"

#include "data/kernels/noise.hpp"

namespace rondo::data {
namespace {

constexpr std::ptrdiff_t channels = 2, height = 4, width = 5;

/// Pixel by pixel, from the definition.
std::vector<float> expected_image(const std::vector<float>& image, const Change& change) {
  std::vector<float> result(image.size(), 0.0F);
  for (std::ptrdiff_t plane = 0; plane < channels; ++plane)
    for (std::ptrdiff_t y = 0; y < height; ++y)
      for (std::ptrdiff_t x = 0; x < width; ++x) {
        const std::ptrdiff_t from_y = y - change.down;
        const std::ptrdiff_t moved_x = x - change.right;
        if (from_y < 0 || from_y >= height || moved_x < 0 || moved_x >= width) continue;
        const std::ptrdiff_t from_x = change.flip ? width - 1 - moved_x : moved_x;
        result[static_cast<std::size_t>((plane * height + y) * width + x)] =
            image[static_cast<std::size_t>((plane * height + from_y) * width + from_x)];
      }
  return result;
}

TEST(ApplyChange, equals_its_definition_for_every_flip_and_shift) {
  std::vector<float> image(channels * height * width);
  std::iota(image.begin(), image.end(), 1.0F);
  std::vector<float> scratch;

  for (const bool flip : {false, true})
    for (std::ptrdiff_t down = -height - 1; down <= height + 1; ++down)
      for (std::ptrdiff_t right = -width - 1; right <= width + 1; ++right) {
        SCOPED_TRACE(::testing::Message() << flip << " " << right << " " << down);
        const Change change{flip, right, down};
        std::vector<float> changed = image;

        apply_change(change, height, width, changed, scratch);

        EXPECT_EQ(changed, expected_image(image, change));
      }
}

TEST(DrawChange, changes_nothing_when_switched_off) {
  for (std::uint64_t sample = 0; sample < 100; ++sample) {
    const Change change = draw_change({}, 1, 2, sample);
    EXPECT_FALSE(change.flip);
    EXPECT_EQ(change.right, 0);
    EXPECT_EQ(change.down, 0);
  }
}

TEST(DrawChange, draws_flips_and_shifts_evenly) {
  constexpr int draws = 10'000;
  int flips = 0;
  std::map<std::ptrdiff_t, int> rights;
  std::map<std::ptrdiff_t, int> downs;
  for (std::uint64_t sample = 0; sample < draws; ++sample) {
    const Change change = draw_change({.flip = true, .shift = 2}, 7, 0, sample);
    flips += change.flip ? 1 : 0;
    ++rights[change.right];
    ++downs[change.down];
  }

  // Six standard deviations of a binomial: 6 sqrt(n p (1 - p)).
  EXPECT_NEAR(flips, draws / 2, 300);
  ASSERT_EQ(rights.size(), 5U);
  ASSERT_EQ(downs.size(), 5U);
  for (std::ptrdiff_t offset = -2; offset <= 2; ++offset) {
    EXPECT_NEAR(rights[offset], draws / 5, 240);
    EXPECT_NEAR(downs[offset], draws / 5, 240);
  }
}

TEST(Noise, has_the_values_of_its_definition) {
  constexpr std::uint64_t key = 1234567890123;
  std::vector<float> image(1003, 2.0F);

  add_noise(0.5F, key, image);

  for (std::uint64_t i = 0; i < image.size(); ++i) {
    const auto bits = Philox(key, RandomPurpose::noise).block(i / 4);
    const std::size_t pair = i % 4 / 2 * 2;
    const double radius = std::sqrt(-2 * std::log(1 - double{Philox::uniform(bits[pair])}));
    const double angle = 2 * std::numbers::pi * double{Philox::uniform(bits[pair + 1])};
    const double normal = radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle));
    EXPECT_NEAR(image[i], 2 + 0.5 * normal, 1e-6) << i;
    EXPECT_EQ(image[i], 2.0F + 0.5F * noise_at(key, i)) << i;
  }
}

TEST(Noise, has_logarithms_and_directions_as_accurate_as_they_say) {
  for (std::uint32_t i = 0; i < 1U << 24; i = i < 100 ? i + 1 : i + 97) {
    const float turns = static_cast<float>(i) * 0x1p-24F;
    const float x = 1.0F - turns;
    const double logarithm = std::log(double{x});
    const auto [sine, cosine] = sine_cosine(turns);

    ASSERT_NEAR(natural_logarithm(x), logarithm, 3 * 0x1p-23 * std::abs(logarithm)) << x;
    ASSERT_NEAR(sine, std::sin(2 * std::numbers::pi * double{turns}), 1e-7) << turns;
    ASSERT_NEAR(cosine, std::cos(2 * std::numbers::pi * double{turns}), 1e-7) << turns;
  }
  EXPECT_TRUE(std::isfinite(normal_pair(0xFFFFFFFFU, 0xFFFFFFFFU).first));
}

TEST(DrawChange, depends_on_seed_epoch_and_sample) {
  const auto pattern = [](std::uint64_t seed, std::size_t epoch, std::uint64_t first) {
    std::vector<std::ptrdiff_t> offsets;
    for (std::uint64_t sample = first; sample < first + 20; ++sample)
      offsets.push_back(draw_change({.flip = false, .shift = 4}, seed, epoch, sample).right);
    return offsets;
  };

  EXPECT_EQ(pattern(1, 1, 0), pattern(1, 1, 0));
  EXPECT_NE(pattern(1, 1, 0), pattern(2, 1, 0));
  EXPECT_NE(pattern(1, 1, 0), pattern(1, 2, 0));
  EXPECT_NE(pattern(1, 1, 0), pattern(1, 1, 1));
}

}  // namespace
}  // namespace rondo::data
