// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/precision/casts.hpp"
#include "rondo/precision/device_casts.hpp"

#include "support/gpu_arrays.hpp"

namespace rondo::precision {
namespace {

/// Bits included: NaNs too.
template <class T>
bool all_bits_equal(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

template <class From, class To>
void expect_as_on_the_cpu(const std::vector<From>& from, std::size_t from_offset,
                          std::size_t to_offset) {
  const Device device;
  DeviceStream stream(device);
  test::OnGpu<From> source(device, stream, from, from_offset);
  test::OnGpu<To> target(device, stream, std::vector<To>(from.size()), to_offset);
  std::vector<To> expected(from.size());
  convert(std::span<const From>(from), std::span<To>(expected));

  convert(stream, source.span(), target.span());

  EXPECT_TRUE(all_bits_equal(target.read(), expected))
      << from.size() << " elements, offsets " << from_offset << " and " << to_offset;
}

template <class From, class To>
void expect_casts() {
  for (const std::size_t count : test::odd_counts(Device())) {
    for (const std::size_t offset : test::offsets) {
      std::vector<From> from(count);
      const std::vector<float> values = test::gpu_floats(count, 1, true);
      for (std::size_t i = 0; i < count; ++i)
        from[i] = static_cast<From>(values[i]);
      expect_as_on_the_cpu<From, To>(from, offset, offset);
      expect_as_on_the_cpu<From, To>(from, 0, offset);
    }
  }
}

TEST(DeviceCasts, from_f32_have_the_cpus_bits) {
  expect_casts<float, bfloat16>();
  expect_casts<float, half>();
}

TEST(DeviceCasts, to_f32_have_the_cpus_bits) {
  expect_casts<bfloat16, float>();
  expect_casts<half, float>();
}

TEST(DeviceCasts, between_short_floats_have_the_cpus_bits) {
  expect_casts<bfloat16, half>();
  expect_casts<half, bfloat16>();
}

TEST(DeviceCasts, have_the_cpus_bits_for_every_short_float) {
  std::vector<half> halves;
  std::vector<bfloat16> brains;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    halves.push_back(half::from_bits(static_cast<std::uint16_t>(bits)));
    brains.push_back(bfloat16::from_bits(static_cast<std::uint16_t>(bits)));
  }
  expect_as_on_the_cpu<half, float>(halves, 0, 0);
  expect_as_on_the_cpu<half, bfloat16>(halves, 0, 0);
  expect_as_on_the_cpu<bfloat16, float>(brains, 0, 0);
  expect_as_on_the_cpu<bfloat16, half>(brains, 0, 0);
}

/// Of both signs and every exponent, NaNs and subnormals included: fractions that are, and lie
/// beside, what bf16 (16 bits fewer) and f16 (13, and more for its subnormals) round at.
std::vector<float> floats_of_all_exponents() {
  std::vector<float> values;
  for (std::uint32_t upper = 0; upper < 512; ++upper)
    for (int bit = 0; bit < 24; ++bit)
      for (const std::uint32_t odd : {0U, 1U, 2U, 3U})
        for (const std::uint32_t beside : {0U, 1U, ~0U}) {
          const std::uint32_t halfway = ((odd << bit << 1) | (1U << bit)) + beside;
          values.push_back(std::bit_cast<float>(upper << 23 | (halfway & 0x7FFFFFU)));
        }
  return values;
}

TEST(DeviceCasts, have_the_cpus_bits_beside_what_rounds_for_every_exponent) {
  const std::vector<float> values = floats_of_all_exponents();
  for (const std::size_t offset : {0U, 1U}) {
    expect_as_on_the_cpu<float, half>(values, 0, offset);
    expect_as_on_the_cpu<float, bfloat16>(values, 0, offset);
  }
}

TEST(DeviceCasts, refuse_spans_of_different_lengths) {
  const Device device;
  DeviceStream stream(device);
  DeviceMemory<float> floats(device, 8, "a test");
  DeviceMemory<half> halves(device, 7, "a test");

  EXPECT_THROW(convert(stream, floats.span(), halves.span()), UsageError);
  EXPECT_THROW(accumulate(stream, halves.span(), floats.span()), UsageError);
}

template <class From>
void expect_accumulation() {
  const Device device;
  DeviceStream stream(device);
  for (const std::size_t count : test::odd_counts(Device())) {
    for (const std::size_t offset : test::offsets) {
      const std::vector<float> sums = test::gpu_floats(count, 1, true);
      const std::vector<float> added = test::gpu_floats(count, 2, true);
      std::vector<From> values(count);
      std::vector<float> expected(count);
      for (std::size_t i = 0; i < count; ++i) {
        values[i] = static_cast<From>(added[i]);
        expected[i] = sums[i] + static_cast<float>(values[i]);
      }
      test::OnGpu<From> from(device, stream, values, offset);
      test::OnGpu<float> sum(device, stream, sums, offset);

      accumulate(stream, from.span(), sum.span());

      EXPECT_TRUE(test::same_bits(sum.read(), expected)) << "offset " << offset;
    }
  }
}

TEST(DeviceAccumulate, has_the_cpus_bits) {
  expect_accumulation<float>();
  expect_accumulation<bfloat16>();
  expect_accumulation<half>();
}

TEST(DeviceCasts, round_to_the_cpus_copy_at_random_too) {
  const Device device;
  DeviceStream stream(device);
  for (const std::size_t count : {0U, 1U, 7U, 8U, 9U, 1000U}) {
    for (const std::size_t offset : test::offsets) {
      for (const std::optional<std::uint64_t> seed : {std::optional<std::uint64_t>(), {77}}) {
        const RoundingKey key{.seed = seed, .step = 3, .first = 1024 + offset};
        const std::vector<float> values = test::gpu_floats(count, 1, true);
        test::OnGpu<float> source(device, stream, values, offset);
        test::OnGpu<bfloat16> target(device, stream, std::vector<bfloat16>(count));
        std::vector<bfloat16> expected(count);
        round_to_copy(values, expected, key);

        round_to_copy(stream, source.span(), target.span(), key);

        EXPECT_TRUE(all_bits_equal(target.read(), expected)) << count << ", " << offset;
      }
    }
  }
}

}  // namespace
}  // namespace rondo::precision
