// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/crop.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace rondo::data {
namespace {

/// Two planes of 5 x 7.
std::vector<float> sample_image() {
  std::vector<float> image;
  for (int i = 0; i < 2 * 5 * 7; ++i)
    image.push_back(static_cast<float>((7 * i * i + 3 * i) % 17));
  return image;
}

void expect_resized(const Crop& crop, const Extent& size, const std::vector<float>& expected) {
  std::vector<float> out(2 * size.height * size.width);
  resize(crop, {5, 7}, sample_image(), size, out);
  ASSERT_EQ(out.size(), expected.size());
  for (std::size_t i = 0; i < out.size(); ++i)
    EXPECT_NEAR(out[i], expected[i], 1e-5) << i;
}

// Expected: torch.nn.functional.interpolate(mode="bilinear", align_corners=False) of the part.
TEST(Resize, interpolates_between_the_centres_of_the_crops_pixels) {
  const Crop crop{.top = 1, .left = 2, .extent = {4, 5}};

  expect_resized(crop, {3, 4},
                 {13.916666F, 13.020833F, 8.333333F,  12.249999F, 8.75F,     6.5F,
                  9.3125F,    9.75F,      13.583333F, 4.666666F,  6.124998F, 3.083331F,
                  13.229166F, 10.0F,      10.416667F, 4.5625F,    4.5F,      10.1875F,
                  9.25F,      9.125F,     3.999999F,  6.208332F,  3.916664F, 9.520833F});
  std::vector<float> larger(2 * 6 * 7);
  resize(crop, {5, 7}, sample_image(), {6, 7}, larger);
  const std::vector<float> first_row{16.0F, 16.0F, 15.142857F, 13.0F, 8.714285F, 10.428572F, 15.0F};
  for (std::size_t i = 0; i < first_row.size(); ++i)
    EXPECT_NEAR(larger[i], first_row[i], 1e-5) << i;
  EXPECT_NEAR(larger[8], 8.857142F, 1e-5);
  EXPECT_NEAR(larger.back(), 10.000001F, 1e-5);
}

TEST(Resize, of_a_whole_image_to_its_own_size_changes_nothing) {
  expect_resized({.extent = {5, 7}}, {5, 7}, sample_image());
}

TEST(DrawCrop, has_areas_and_ratios_in_their_ranges_and_fits) {
  constexpr int draws = 10'000;
  const Extent image{300, 300};
  int wide = 0;
  int small = 0;
  int left = 0;
  for (std::uint64_t sample = 0; sample < draws; ++sample) {
    const Crop crop = draw_crop(image, 3, 1, sample);
    const auto height = static_cast<double>(crop.extent.height);
    const auto width = static_cast<double>(crop.extent.width);
    ASSERT_LE(crop.top + crop.extent.height, image.height);
    ASSERT_LE(crop.left + crop.extent.width, image.width);
    // Sides are rounded to a pixel of at least 73.
    ASSERT_GT(height * width, 0.08 * 90'000 * 0.985);
    ASSERT_GT(width / height, 0.75 * 0.985);
    ASSERT_LT(width / height, 4.0 / 3 * 1.015);
    wide += width > height ? 1 : 0;
    small += height * width < 0.31 * 90'000 ? 1 : 0;
    left += 2 * crop.left < image.width - crop.extent.width ? 1 : 0;
  }

  // Half of them are wide and half are on the left, to six standard deviations of 50 and some that
  // are square or in the middle. Large parts often do not fit, which leaves more small ones than a
  // quarter.
  EXPECT_NEAR(wide, draws / 2, 400);
  EXPECT_NEAR(left, draws / 2, 400);
  EXPECT_GT(small, draws / 4);
  EXPECT_LT(small, draws / 3);
}

TEST(DrawCrop, depends_on_seed_epoch_and_sample) {
  std::set<std::tuple<std::size_t, std::size_t, std::size_t, std::size_t>> crops;
  const auto draw = [&](std::uint64_t seed, std::size_t epoch, std::uint64_t sample) {
    const Crop crop = draw_crop({500, 400}, seed, epoch, sample);
    crops.insert({crop.top, crop.left, crop.extent.height, crop.extent.width});
    return crop;
  };

  EXPECT_EQ(draw(1, 2, 3), draw(1, 2, 3));
  draw(9, 2, 3);
  draw(1, 9, 3);
  draw(1, 2, 9);

  EXPECT_EQ(crops.size(), 4U);
}

// No part of 8 % of the area with a ratio of at least 3/4 is as narrow as these images.
TEST(DrawCrop, takes_the_middle_of_an_image_in_which_nothing_fits) {
  EXPECT_EQ(draw_crop({400, 10}, 1, 0, 0), (Crop{193, 0, {13, 10}}));
  EXPECT_EQ(draw_crop({10, 400}, 1, 0, 0), (Crop{0, 193, {10, 13}}));
  EXPECT_EQ(draw_crop({1, 1}, 1, 0, 0), (Crop{0, 0, {1, 1}}));
}

TEST(MiddleCrop, is_seven_eighths_of_the_shorter_side) {
  EXPECT_EQ(middle_crop({256, 300}), (Crop{16, 38, {224, 224}}));
  EXPECT_EQ(middle_crop({41, 33}), (Crop{6, 2, {29, 29}}));
  EXPECT_EQ(middle_crop({1, 5}), (Crop{0, 2, {1, 1}}));
}

}  // namespace
}  // namespace rondo::data
