// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// The bf16 copy of the new values, clipping and other things that all rules share.
#include "optim/kernels/copy.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "rondo/base/philox.hpp"
#include "rondo/optim/sgd.hpp"
#include "rondo/precision/casts.hpp"

#include "comm/kernel_targets.hpp"
#include "optim/parameters.hpp"

namespace rondo::optim {
namespace {

/// Every upper half of an f32 with lower halves around the places where rounding changes.
std::vector<float> all_kinds_of_floats() {
  std::vector<float> values;
  for (std::uint32_t upper = 0; upper < 0x10000; ++upper)
    for (const std::uint32_t lower : {0x0000U, 0x0001U, 0x7FFFU, 0x8000U, 0x8001U, 0xFFFFU})
      values.push_back(std::bit_cast<float>(upper << 16 | lower));
  return values;
}

std::vector<bfloat16> copy_of(const std::vector<float>& values, const kernel::Rounding& rounding) {
  std::vector<bfloat16> copy(values.size());
  kernel::round_to_copy(values, copy, rounding);
  return copy;
}

TEST(Copy, has_the_bits_of_the_conversion_to_bf16) {
  const std::vector<float> values = all_kinds_of_floats();
  std::vector<bfloat16> expected(values.size());
  precision::convert(values, expected);

  comm::for_each_target([&] {
    const std::vector<bfloat16> copy = copy_of(values, {});
    for (std::size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(copy[i].bits(), expected[i].bits()) << std::bit_cast<std::uint32_t>(values[i]);
  });
}

/// What copy.hpp says of rounding at random, element by element.
std::uint16_t rounded_at_random(float value, std::uint64_t seed, std::uint32_t step,
                                std::uint64_t position) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return bfloat16(value).bits();
  const auto block = Philox(seed, RandomPurpose::rounding, step).block(position / 8);
  const std::uint32_t word = block[position % 8 / 2];
  const std::uint32_t number = position % 2 == 0 ? word & 0xFFFFU : word >> 16;
  return static_cast<std::uint16_t>((bits + number) >> 16);
}

TEST(Copy, is_rounded_by_the_random_number_of_seed_step_and_position) {
  const std::vector<float> values = all_kinds_of_floats();
  constexpr std::uint64_t seed = 0x0123'4567'89AB'CDEF;
  constexpr std::uint64_t first = (std::uint64_t{1} << 35) - 5;  // the counter's words carry

  comm::for_each_target([&] {
    const std::vector<bfloat16> copy = copy_of(values, {seed, 77, first});
    for (std::size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(copy[i].bits(), rounded_at_random(values[i], seed, 77, first + i)) << i;
  });
}

TEST(Copy, is_right_on_average_when_rounded_at_random) {
  const float value = 1.0F + 0.3F / 128;  // 0.3 of the way between two bf16
  const std::vector<float> values(100'000, value);
  double sum = 0;
  for (const bfloat16 rounded : copy_of(values, {5, 1, 0}))
    sum += static_cast<double>(static_cast<float>(rounded));

  // Five standard deviations of the mean.
  EXPECT_NEAR(sum / 1e5, value, 5 * std::sqrt(0.3 * 0.7 / 1e5) / 128);
}

TEST(Optimizers, may_do_without_a_copy) {
  for (const auto& rule : every_rule()) {
    Parameters with(*rule, random_floats(100, 1));
    Parameters without = with;
    with.grads() = without.grads() = random_floats(100, 2);
    take_step(*rule, with.all(), {.lr = 0.1F});
    UpdateRange range = without.all();
    range.copy = {};
    take_step(*rule, range, {.lr = 0.1F});

    EXPECT_EQ(with.values(), without.values()) << rule->name();
  }
}

TEST(Optimizers, clip_the_scaled_gradient_by_value) {
  for (const auto& rule : every_rule()) {
    Parameters clipping(*rule, random_floats(100, 1));
    Parameters clipped = clipping;
    clipping.grads() = random_floats(100, 2);
    for (std::size_t i = 0; i < 100; ++i)
      clipped.grads()[i] = std::clamp(clipping.grads()[i] * 0.5F, -0.25F, 0.25F);
    take_step(*rule, clipping.all(), {.lr = 0.1F, .grad_scale = 0.5F, .clip_value = 0.25F});
    take_step(*rule, clipped.all(), {.lr = 0.1F});

    EXPECT_EQ(clipping.values(), clipped.values()) << rule->name();
  }
}

TEST(Optimizers, keep_nan_when_they_clip) {
  comm::for_each_target([] {
    const Sgd rule({});
    Parameters parameters(rule, {1, 1});
    parameters.grads() = {std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity()};
    rule.update(parameters.all(), {.lr = 0.5F, .clip_value = 1});

    EXPECT_TRUE(std::isnan(parameters.values()[0]));
    EXPECT_EQ(parameters.values()[1], 0.5F);
  });
}

}  // namespace
}  // namespace rondo::optim
