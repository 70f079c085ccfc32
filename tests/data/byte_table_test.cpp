// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/byte_table.hpp"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace rondo::data {
namespace {

/// Every length up to several vectors, all values, no element beyond the end touched.
void expect_same_bits(const ByteTable& table) {
  for (std::size_t count = 0; count < 300; ++count) {
    std::vector<std::byte> bytes(count);
    std::vector<float> expected(count + 1, -7.0F);
    for (std::size_t i = 0; i < count; ++i) {
      bytes[i] = static_cast<std::byte>(255 - i % 256);
      expected[i] = table.values()[255 - i % 256];
    }
    std::vector<float> found(count + 1, -7.0F);
    table.look_up(bytes, std::span(found).first(count));
    ASSERT_EQ(std::memcmp(found.data(), expected.data(), sizeof(float) * found.size()), 0) << count;
  }
}

TEST(ByteTable, has_each_value_rounded_once) {
  const ByteTable table(0.25, 0.5);

  EXPECT_EQ(table.values()[0], -0.5F);
  EXPECT_EQ(table.values()[255], 1.5F);
  EXPECT_EQ(table.values()[100], static_cast<float>((100 / 255.0 - 0.25) / 0.5));
}

TEST(ByteTable, finds_the_same_bits_in_registers) {
  for (const float mean : {0.0F, 0.1F, 0.2860406F, 0.485F, 0.4914F, 0.9999F})
    for (const float deviation : {1.0F, 0.0039F, 0.229F, 0.3530242F}) {
      const ByteTable table(double{mean}, double{deviation});
      EXPECT_TRUE(table.is_linear()) << mean << " " << deviation;
      expect_same_bits(table);
    }
}

TEST(ByteTable, looks_up_where_registers_find_other_bits) {
  // Some value is the mean to the last bit: only the division finds 0.
  std::size_t looked_up = 0;
  for (int value = 1; value < 255; ++value) {
    const ByteTable table(value / 255.0, 0.3);
    EXPECT_EQ(table.values()[static_cast<std::size_t>(value)], 0.0F);
    expect_same_bits(table);
    looked_up += table.is_linear() ? 0 : 1;
  }
  EXPECT_GT(looked_up, 0U);
}

}  // namespace
}  // namespace rondo::data
