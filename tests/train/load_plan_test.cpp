// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/load_plan.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

namespace rondo::train {
namespace {

/// How often the plan reads each element, by tensor.
std::vector<std::vector<int>> reads_of(const LoadPlan& plan, std::span<const std::size_t> tensors) {
  std::vector<std::vector<int>> reads;
  for (const std::size_t count : tensors)
    reads.emplace_back(count);
  for (std::size_t piece = 0; piece < plan.pieces(); ++piece)
    for (int reader = 0; reader < plan.readers(); ++reader)
      for (const Segment& segment : plan.share(piece, reader))
        for (std::size_t i = 0; i < segment.count; ++i)
          ++reads[segment.tensor].at(segment.first + i);
  return reads;
}

TEST(LoadPlan, reads_every_element_once_in_whole_blocks) {
  const std::array<std::size_t, 5> tensors{1000, 1, 64, 37, 256};
  for (const int readers : {1, 2, 3, 7}) {
    const LoadPlan plan(tensors, {.readers = readers, .block_elements = 64, .share_elements = 200});

    for (const auto& tensor : reads_of(plan, tensors))
      EXPECT_TRUE(std::ranges::all_of(tensor, [](int count) { return count == 1; }));
    for (std::size_t piece = 0; piece < plan.pieces(); ++piece)
      for (int reader = 0; reader < readers; ++reader)
        for (const Segment& segment : plan.share(piece, reader)) {
          EXPECT_EQ(segment.first % 64, 0U);
          EXPECT_LE(segment.place + segment.count, plan.longest_share());
        }
    EXPECT_LE(plan.longest_share(), 200U);
  }
}

TEST(LoadPlan, spreads_a_small_checkpoint_over_the_readers) {
  const std::vector<std::size_t> tensors(40, 10);

  const LoadPlan plan(tensors, {.readers = 4, .block_elements = 1000});

  for (int reader = 0; reader < 4; ++reader)
    EXPECT_FALSE(plan.share(0, reader).empty());
}

TEST(LoadPlan, has_every_reader_read_on_where_it_was) {
  const std::array<std::size_t, 2> tensors{1000, 350};
  for (const int readers : {1, 2, 3}) {
    const LoadPlan plan(tensors, {.readers = readers, .block_elements = 10, .share_elements = 20});

    std::size_t next = 0;
    for (int reader = 0; reader < readers; ++reader)
      for (std::size_t piece = 0; piece < plan.pieces(); ++piece)
        for (const Segment& segment : plan.share(piece, reader)) {
          EXPECT_EQ(1000 * segment.tensor + segment.first, next);
          next += segment.count;
        }
    EXPECT_EQ(next, 1350U);
  }
}

TEST(LoadPlan, reads_tensors_whole_that_are_verified_whole) {
  const std::array<std::size_t, 2> tensors{5000, 3};

  const LoadPlan plan(tensors, {.share_elements = 100});

  ASSERT_EQ(plan.share(0, 0).size(), 1U);
  EXPECT_EQ(plan.share(0, 0)[0].count, 5000U);
  EXPECT_EQ(plan.longest_share(), 5000U);
}

TEST(LoadPlan, of_nothing_has_no_pieces) {
  EXPECT_EQ(LoadPlan({}, {.readers = 3}).pieces(), 0U);
}

}  // namespace
}  // namespace rondo::train
