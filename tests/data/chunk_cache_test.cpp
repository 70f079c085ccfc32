// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/chunk_cache.hpp"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rondo::data {
namespace {

using ::testing::ElementsAre;

/// A cache of 10-byte chunks that notes which it loads.
class ChunkCacheTest : public ::testing::Test {
 protected:
  ChunkCache make(std::size_t capacity_bytes) {
    return ChunkCache(capacity_bytes, [this](std::size_t number) {
      loaded_.push_back(number);
      return ChunkCache::Chunk(10, static_cast<std::uint8_t>(number));
    });
  }

  std::vector<std::size_t> loaded_;
};

TEST_F(ChunkCacheTest, loads_a_chunk_once) {
  ChunkCache cache = make(100);

  cache.chunk(3);
  const auto again = cache.chunk(3);

  EXPECT_THAT(loaded_, ElementsAre(3));
  EXPECT_EQ(again.size(), 10U);
  EXPECT_EQ(again[9], 3);
}

TEST_F(ChunkCacheTest, drops_the_least_recently_used) {
  ChunkCache cache = make(20);

  for (const std::size_t number : {1, 2, 1, 3, 1, 2})
    EXPECT_EQ(cache.chunk(number)[0], number);

  EXPECT_THAT(loaded_, ElementsAre(1, 2, 3, 2));
  EXPECT_EQ(cache.held_bytes(), 20U);
}

TEST_F(ChunkCacheTest, keeps_one_chunk_however_small_it_is) {
  ChunkCache cache = make(1);

  for (const std::size_t number : {1, 1, 2})
    EXPECT_EQ(cache.chunk(number)[0], number);

  EXPECT_THAT(loaded_, ElementsAre(1, 2));
  EXPECT_EQ(cache.held_bytes(), 10U);
}

TEST_F(ChunkCacheTest, stays_usable_after_a_failed_load) {
  bool fails = true;
  ChunkCache cache(100, [&](std::size_t) {
    if (fails) throw std::runtime_error("unreadable");
    return ChunkCache::Chunk(10, 7);
  });

  EXPECT_THROW(cache.chunk(1), std::runtime_error);
  fails = false;

  EXPECT_EQ(cache.chunk(1)[0], 7);
}

}  // namespace
}  // namespace rondo::data
