// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/aligned_buffer.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <gtest/gtest.h>

namespace rondo {
namespace {

TEST(AlignedBuffer, starts_zeroed_on_a_cache_line) {
  for (const std::size_t count : {1U, 15U, 16U, 17U, 1001U}) {
    const AlignedBuffer<float> buffer(count);

    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % cache_line_bytes, 0U);
    EXPECT_EQ(buffer.size(), count);
    EXPECT_TRUE(std::all_of(buffer.span().begin(), buffer.span().end(),
                            [](float value) { return value == 0.0F; }));
  }
}

TEST(AlignedBuffer, without_elements_is_empty) {
  const AlignedBuffer<double> none;
  const AlignedBuffer<double> zero(0);

  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(zero.empty());
  EXPECT_TRUE(zero.span().empty());
}

TEST(AlignedBuffer, moves_its_elements_without_copying) {
  AlignedBuffer<int> source(3);
  source[2] = 7;
  const int* const address = source.data();

  const AlignedBuffer<int> target = std::move(source);

  EXPECT_EQ(target.data(), address);
  EXPECT_EQ(target[2], 7);
}

TEST(AlignedBuffer, rounds_counts_up_to_whole_units) {
  EXPECT_EQ(round_up(0, 16), 0U);
  EXPECT_EQ(round_up(1, 16), 16U);
  EXPECT_EQ(round_up(16, 16), 16U);
  EXPECT_EQ(round_up(17, 16), 32U);
}

}  // namespace
}  // namespace rondo
