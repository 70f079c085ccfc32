// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/cuda/cut.hpp"

#include <gtest/gtest.h>

namespace rondo::cuda {
namespace {

alignas(64) char memory[1024];

TEST(Cut, starts_where_all_streams_are_aligned) {
  const Cut cut = cut_for({{memory + 12, 4}, {memory + 28, 4}}, 4, 100);

  EXPECT_EQ(cut.head, 1U);
  EXPECT_EQ(cut.vectors, 24U);
  EXPECT_EQ(cut.singles(4), 4U);
}

TEST(Cut, has_no_vectors_where_streams_are_never_aligned_together) {
  const Cut cut = cut_for({{memory, 4}, {memory + 4, 4}}, 4, 100);

  EXPECT_EQ(cut.vectors, 0U);
  EXPECT_EQ(cut.singles(4), 100U);
}

TEST(Cut, asks_no_more_of_short_elements_than_their_own_vector) {
  EXPECT_EQ(cut_for({{memory + 16, 4}, {memory + 8, 2}}, 4, 8).vectors, 2U);
  EXPECT_EQ(cut_for({{memory + 16, 4}, {memory + 4, 2}}, 4, 8).vectors, 0U);
}

TEST(Cut, covers_every_element_once_at_any_offset_and_count) {
  for (std::size_t offset = 0; offset < 16; offset += 2) {
    for (std::size_t count = 0; count < 40; ++count) {
      const Cut cut = cut_for({{memory + offset, 2}}, 8, count);
      EXPECT_LE(cut.head + cut.vectors * 8, count);
      EXPECT_EQ(cut.vectors * 8 + cut.singles(8), count);
      EXPECT_TRUE(cut.vectors == 0 || (offset + 2 * cut.head) % 16 == 0);
    }
  }
}

}  // namespace
}  // namespace rondo::cuda
