// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/philox.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

namespace rondo {
namespace {

using Block = Philox::Block;

// Known answers of Random123 (kat_vectors, philox4x32 10).
TEST(Philox, gives_the_known_answers) {
  constexpr std::uint32_t ones = 0xFFFFFFFFU;

  EXPECT_EQ(Philox::philox4x32({0, 0, 0, 0}, {0, 0}),
            (Block{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}));
  EXPECT_EQ(Philox::philox4x32({ones, ones, ones, ones}, {ones, ones}),
            (Block{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}));
  EXPECT_EQ(Philox::philox4x32({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344},
                               {0xA4093822, 0x299F31D0}),
            (Block{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}));
}

TEST(Philox, separates_seeds_purposes_streams_and_indices) {
  const Philox random(1, RandomPurpose::dropout, 2);

  EXPECT_EQ(random.block(3), Philox(1, RandomPurpose::dropout, 2).block(3));
  EXPECT_NE(random.block(3), random.block(4));
  EXPECT_NE(random.block(3), random.block(3 + (std::uint64_t{1} << 32)));
  EXPECT_NE(random.block(3),
            Philox(1 + (std::uint64_t{1} << 32), RandomPurpose::dropout, 2).block(3));
  EXPECT_NE(random.block(3), Philox(1, RandomPurpose::augment, 2).block(3));
  EXPECT_NE(random.block(3), Philox(1, RandomPurpose::dropout, 3).block(3));
}

TEST(Philox, uniform_numbers_lie_in_the_half_open_unit_interval) {
  EXPECT_EQ(Philox::uniform(0), 0.0F);
  EXPECT_LT(Philox::uniform(0xFFFFFFFFU), 1.0F);
  EXPECT_EQ(Philox::uniform(0x80000000U), 0.5F);
}

/// Whether every number below count is hit exactly once.
bool is_bijection(std::uint64_t seed, std::uint32_t stream, std::uint64_t count) {
  std::vector<bool> hit(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t image = permuted(seed, stream, count, i);
    if (image >= count || hit[image]) return false;
    hit[image] = true;
  }
  return true;
}

TEST(Permuted, is_a_bijection) {
  for (std::uint64_t count = 1; count <= 300; ++count)
    EXPECT_TRUE(is_bijection(count, 7, count)) << count;
  EXPECT_TRUE(is_bijection(1, 0, 60'000));
}

TEST(Permuted, depends_on_seed_and_stream) {
  int same_seed = 0;
  int same_stream = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::uint64_t image = permuted(1, 1, 1000, i);
    same_seed += static_cast<int>(image == permuted(1, 2, 1000, i));
    same_stream += static_cast<int>(image == permuted(2, 1, 1000, i));
  }

  // Two random permutations agree at one place on average.
  EXPECT_LT(same_seed, 20);
  EXPECT_LT(same_stream, 20);
}

TEST(Permuted, spreads_neighbours) {
  int short_steps = 0;
  for (std::uint64_t i = 0; i + 1 < 10'000; ++i) {
    const auto here = static_cast<std::int64_t>(permuted(5, 0, 10'000, i));
    const auto next = static_cast<std::int64_t>(permuted(5, 0, 10'000, i + 1));
    short_steps += static_cast<int>(std::abs(next - here) < 100);
  }

  // Expected at random: about 2 %.
  EXPECT_LT(short_steps, 400);
}

TEST(Permuted, refuses_an_index_outside) {
  EXPECT_THROW(permuted(1, 0, 5, 5), UsageError);
  EXPECT_THROW(permuted(1, 0, 0, 0), UsageError);
}

}  // namespace
}  // namespace rondo
