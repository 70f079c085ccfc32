// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "comm/kernel_oracle.hpp"
#include "comm/kernels/wire.hpp"
#include "support/vector_targets.hpp"

namespace rondo::comm {
namespace {

std::vector<std::uint32_t> bits_of(std::span<const float> values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values)
    bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

/// Random bit patterns, and all that are near a bound of f16 or bf16 or halfway between values.
std::vector<float> interesting_floats() {
  std::mt19937 random(7);
  std::vector<float> values = oracle::random_values<float>(100'000, random);
  for (std::uint32_t upper = 0; upper <= 0xFFFF; ++upper)
    for (const std::uint32_t lower :
         {0x0000U, 0x0FFFU, 0x1000U, 0x1001U, 0x7FFFU, 0x8000U, 0x8001U})
      values.push_back(std::bit_cast<float>(upper << 16 | lower));
  return values;
}

template <class T>
class Wire : public testing::Test {
 protected:
  static constexpr DType wire = dtype_of<T>;

  static std::vector<T> all_values() {
    std::vector<T> values;
    for (std::uint32_t bits = 0; bits <= 0xFFFF; ++bits)
      values.push_back(T::from_bits(static_cast<std::uint16_t>(bits)));
    return values;
  }
  static std::vector<T> converted(const std::vector<float>& values) {
    std::vector<T> results(values.size());
    std::transform(values.begin(), values.end(), results.begin(),
                   [](float value) { return T(value); });
    return results;
  }
  static std::vector<std::uint16_t> bits(std::span<const T> values) {
    std::vector<std::uint16_t> bits;
    for (const T value : values)
      bits.push_back(value.bits());
    return bits;
  }
};
using Wires = testing::Types<half, bfloat16>;
TYPED_TEST_SUITE(Wire, Wires);

TYPED_TEST(Wire, encodes_as_the_scalar_conversion_does) {
  const std::vector<float> values = interesting_floats();
  const std::vector<TypeParam> expected = this->converted(values);

  test::for_each_target([&] {
    std::vector<TypeParam> encoded(values.size());
    encode(this->wire, values, std::as_writable_bytes(std::span(encoded)));
    EXPECT_EQ(this->bits(encoded), this->bits(expected));
  });
}

TYPED_TEST(Wire, decodes_as_the_scalar_conversion_does_but_makes_nans_of_f16_quiet) {
  constexpr std::uint32_t quiet = std::is_same_v<TypeParam, half> ? 0x00400000 : 0;
  const std::vector<TypeParam> values = this->all_values();
  std::vector<std::uint32_t> expected;
  for (const TypeParam value : values) {
    const auto number = static_cast<float>(value);
    expected.push_back(std::bit_cast<std::uint32_t>(number) | (std::isnan(number) ? quiet : 0));
  }

  test::for_each_target([&] {
    std::vector<float> decoded(values.size());
    decode(this->wire, std::as_bytes(std::span(values)), decoded);
    EXPECT_EQ(bits_of(decoded), expected);
  });
}

TYPED_TEST(Wire, gives_back_every_value_that_was_decoded) {
  std::vector<TypeParam> values = this->all_values();
  for (TypeParam& value : values)  // signalling NaNs become quiet
    value = TypeParam(static_cast<float>(value));

  test::for_each_target([&] {
    std::vector<float> decoded(values.size());
    std::vector<TypeParam> encoded(values.size());
    decode(this->wire, std::as_bytes(std::span(values)), decoded);
    encode(this->wire, decoded, std::as_writable_bytes(std::span(encoded)));
    EXPECT_EQ(this->bits(encoded), this->bits(values));
  });
}

TYPED_TEST(Wire, rounds_in_place_to_what_the_wire_would_carry) {
  const std::vector<float> values = interesting_floats();
  std::vector<float> expected = values;
  for (float& value : expected)
    value = static_cast<float>(TypeParam(value));

  test::for_each_target([&] {
    std::vector<float> rounded = values;
    round_to_wire(this->wire, rounded);
    EXPECT_EQ(bits_of(rounded), bits_of(expected));
  });
}

TYPED_TEST(Wire, works_at_every_length_and_address) {
  std::mt19937 random(3);
  for (std::size_t count = 0; count <= 70; ++count) {
    const std::vector<float> values = oracle::random_values<float>(count, random);
    const std::vector<TypeParam> expected = this->converted(values);

    test::for_each_target([&] {
      std::vector<std::byte> storage(count * sizeof(TypeParam) + 2, std::byte{0xA5});
      std::vector<float> decoded(count + 1, 42);
      const std::span<std::byte> encoded(storage.data() + 1, count * sizeof(TypeParam));
      encode(this->wire, values, encoded);
      decode(this->wire, encoded, std::span(decoded).first(count));

      EXPECT_TRUE(oracle::all_equal<TypeParam>(encoded, expected)) << count;
      EXPECT_EQ(storage.front(), std::byte{0xA5}) << count;
      EXPECT_EQ(storage.back(), std::byte{0xA5}) << count;
      for (std::size_t i = 0; i < count; ++i)
        EXPECT_TRUE(oracle::is_same(decoded[i], static_cast<float>(expected[i]))) << count;
      EXPECT_EQ(decoded.back(), 42) << count;
    });
  }
}

TYPED_TEST(Wire, reduces_encoded_values_into_floats) {
  std::mt19937 random(5);
  for (const std::size_t count : {0U, 1U, 15U, 16U, 17U, 2003U})
    for (const ReduceOp op : {ReduceOp::sum, ReduceOp::avg, ReduceOp::min, ReduceOp::max}) {
      const auto start = oracle::random_values<float>(count, random);
      const auto encoded = oracle::random_values<TypeParam>(count, random);
      std::vector<float> expected = start;
      for (std::size_t i = 0; i < count; ++i)
        expected[i] = oracle::combine(op, start[i], static_cast<float>(encoded[i]));

      test::for_each_target([&] {
        std::vector<float> accumulator = start;
        reduce_encoded(this->wire, op, accumulator, std::as_bytes(std::span(encoded)));
        EXPECT_TRUE(oracle::all_equal(std::as_bytes(std::span(accumulator)), expected))
            << count << " values, op " << static_cast<int>(op);
      });
    }
}

TEST(WireErrors, names_a_type_that_is_no_wire) {
  std::vector<float> values(1);

  EXPECT_THROW(round_to_wire(DType::f32, values), UsageError);
  EXPECT_THROW(round_to_wire(DType::u8, values), UsageError);
}

}  // namespace
}  // namespace rondo::comm
