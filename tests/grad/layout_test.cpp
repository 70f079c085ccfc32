// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/grad/layout.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "grad/parameter_specs.hpp"

namespace rondo::grad {
namespace {

using test::three;

/// Parameters of about 100,000 elements, one larger than a bucket and many tiny ones.
std::vector<ParameterSpec> uneven() {
  std::vector<ParameterSpec> specs{{"large", {70001}}, {"middle", {33, 301}}};
  for (int i = 0; i < 300; ++i)
    specs.push_back({std::to_string(i), {static_cast<std::size_t>(i % 50 + 1)}});
  return specs;
}

TEST(Layout, places_parameters_in_reverse_order_of_registration) {
  const Layout layout(three(), {});

  EXPECT_EQ(layout.parameter(2), (ElementRange{0, 64}));
  EXPECT_EQ(layout.parameter(1), (ElementRange{64, 71}));
  EXPECT_EQ(layout.parameter(0), (ElementRange{80, 95}));
  EXPECT_EQ(layout.trailer(), 96U);
}

TEST(Layout, positions_and_pieces_depend_on_the_specs_alone) {
  const Layout alone(uneven(), {});

  for (const int ranks : {1, 3, 8}) {
    for (const std::size_t bytes : {1UL, 50'000UL, 1UL << 22}) {
      const Layout layout(uneven(), {.bucket_bytes = bytes, .ranks = ranks});
      EXPECT_EQ(layout.trailer(), alone.trailer());
      for (std::size_t p = 0; p < layout.specs().size(); ++p)
        EXPECT_EQ(layout.parameter(p), alone.parameter(p));
      ASSERT_EQ(layout.pieces().size(), alone.pieces().size());
      for (std::size_t i = 0; i < alone.pieces().size(); ++i)
        EXPECT_EQ(layout.pieces()[i].range, alone.pieces()[i].range);
    }
  }
}

TEST(Layout, pieces_tile_every_parameter_and_stay_in_a_block) {
  const Layout layout(uneven(), {});

  std::vector<std::size_t> covered(layout.specs().size());
  for (const Piece& piece : layout.pieces()) {
    EXPECT_EQ(piece.range.begin,
              layout.parameter(piece.parameter).begin + covered[piece.parameter]);
    EXPECT_EQ(piece.range.begin / block_elements, (piece.range.end - 1) / block_elements);
    covered[piece.parameter] += piece.range.size();
  }
  for (std::size_t p = 0; p < covered.size(); ++p)
    EXPECT_EQ(covered[p], layout.parameter(p).size());
}

TEST(Layout, buckets_tile_the_arena_in_shards_of_whole_blocks) {
  for (const int ranks : {1, 2, 3, 8}) {
    for (const std::size_t bytes : {1UL, 4096UL, 65536UL, 1UL << 22}) {
      const Layout layout(uneven(), {.bucket_bytes = bytes, .ranks = ranks});
      std::size_t cursor = 0;
      for (const ElementRange bucket : layout.buckets()) {
        EXPECT_EQ(bucket.begin, cursor);
        EXPECT_EQ(layout.shard_offset(bucket) * static_cast<std::size_t>(ranks), cursor);
        for (int rank = 0; rank < ranks; ++rank) {
          const ElementRange shard = layout.shard(bucket, rank);
          EXPECT_EQ(shard.begin, cursor);
          EXPECT_GT(shard.size(), 0U);
          EXPECT_EQ(shard.size() % block_elements, 0U);
          cursor = shard.end;
        }
        EXPECT_EQ(bucket.end, cursor);
      }
      EXPECT_EQ(layout.elements(), cursor);
      EXPECT_GE(cursor, layout.trailer() + Trailer::elements);
    }
  }
}

TEST(Layout, first_and_last_bucket_are_smaller_and_none_is_larger_than_asked_for) {
  const std::size_t bytes = 65536;
  const Layout layout(uneven(), {.bucket_bytes = bytes, .ranks = 2});

  ASSERT_GT(layout.buckets().size(), 3U);
  EXPECT_EQ(layout.buckets().front().size() * sizeof(float), bytes / 4);
  EXPECT_EQ(layout.buckets().back().size() * sizeof(float), bytes / 4);
  for (const ElementRange bucket : layout.buckets())
    EXPECT_LE(bucket.size() * sizeof(float), bytes);
}

TEST(Layout, finds_the_buckets_of_a_parameter_and_the_pieces_of_a_bucket) {
  const Layout layout(uneven(), {.bucket_bytes = 20'000, .ranks = 3});

  for (std::size_t p = 0; p < layout.specs().size(); ++p) {
    const auto [first, last] = layout.buckets_of(layout.parameter(p));
    for (std::size_t b = 0; b < layout.buckets().size(); ++b) {
      const ElementRange bucket = layout.buckets()[b];
      const bool touches =
          bucket.begin < layout.parameter(p).end && layout.parameter(p).begin < bucket.end;
      EXPECT_EQ(first <= b && b < last, touches) << "parameter " << p << ", bucket " << b;
    }
  }
  std::size_t next = 0;
  for (const ElementRange bucket : layout.buckets()) {
    const auto [first, last] = layout.pieces_in(bucket);
    EXPECT_EQ(first, next);
    for (std::size_t i = first; i < last; ++i)
      EXPECT_TRUE(bucket.begin <= layout.pieces()[i].range.begin &&
                  layout.pieces()[i].range.end <= bucket.end);
    next = last;
  }
  EXPECT_EQ(next, layout.pieces().size());
}

TEST(Layout, refuses_a_name_twice_and_empty_tensors) {
  EXPECT_THROW(Layout({{"a", {2}}, {"a", {3}}}, {}), UsageError);
  EXPECT_THROW(Layout({{"a", {2, 0}}}, {}), UsageError);
  EXPECT_THROW(Layout({}, {}), UsageError);
}

}  // namespace
}  // namespace rondo::grad
