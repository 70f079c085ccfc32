// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/hash.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace rondo {
namespace {

TEST(Hash, of_nothing_is_the_published_value_of_xxh3) {
  EXPECT_EQ(content_hash(""), 0x2D06800538D394C2U);
}

TEST(Hash, of_text_and_of_its_bytes_agree) {
  constexpr std::array text{'l', 'a', 'n', 'e'};

  EXPECT_EQ(content_hash(std::as_bytes(std::span(text))), content_hash("lane"));
}

TEST(Hash, changes_with_content_and_seed) {
  EXPECT_NE(content_hash("lane"), content_hash("lame"));
  EXPECT_NE(content_hash("lane", 1), content_hash("lane", 2));
}

std::vector<std::byte> planted_bytes() {
  std::vector<std::byte> bytes(100'000);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::byte>(i * i % 251);
  return bytes;
}

/// The values are those of Python's xxhash.
TEST(Hash, of_much_is_that_of_xxh3_on_every_cpu) {
  const std::vector<std::byte> bytes = planted_bytes();

  EXPECT_EQ(content_hash(bytes), 0x4CBC1BECAD16BFBCU);
  EXPECT_EQ(content_hash(bytes, 7), 0xEAFA6DA66936F263U);
}

TEST(ContentHasher, gives_the_hash_of_the_whole_however_it_is_cut) {
  const std::vector<std::byte> bytes = planted_bytes();
  const auto whole = std::span<const std::byte>(bytes);
  for (const std::size_t piece : {1U, 240U, 257U, 4096U, 99'999U}) {
    ContentHasher hasher;
    ContentHasher seeded(7);
    for (std::size_t begin = 0; begin < whole.size(); begin += piece)
      for (ContentHasher* one : {&hasher, &seeded})
        one->add(whole.subspan(begin, std::min(piece, whole.size() - begin)));

    EXPECT_EQ(hasher.value(), content_hash(whole)) << piece;
    EXPECT_EQ(seeded.value(), content_hash(whole, 7)) << piece;
  }
  EXPECT_EQ(ContentHasher().value(), content_hash(""));
}

TEST(Hash, prints_sixteen_digits) {
  EXPECT_EQ(to_hex(0), "0000000000000000");
  EXPECT_EQ(to_hex(0xFEDCBA9876543210U), "fedcba9876543210");
}

}  // namespace
}  // namespace rondo
