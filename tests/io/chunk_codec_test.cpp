// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/chunk_codec.hpp"

#include <cstring>
#include <random>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/checksum.hpp"
#include "io/unshuffle.hpp"
#include "support/io_errors.hpp"
#include "support/vector_targets.hpp"

namespace rondo::io {
namespace {

using ::testing::HasSubstr;
using ByteVector = std::vector<std::byte>;

ByteVector noise(std::size_t size, unsigned seed = 1) {
  std::mt19937 random(seed);
  ByteVector bytes(size);
  for (std::byte& byte : bytes)
    byte = static_cast<std::byte>(random());
  return bytes;
}

/// As HDF5's documentation defines it: word by word, folded all the time.
std::uint32_t plain_fletcher32(std::span<const std::byte> bytes) {
  const auto fold = [](std::uint32_t sum) { return (sum & 0xFFFF) + (sum >> 16); };
  std::uint32_t sum = 0, sums = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const auto upper = std::to_integer<std::uint32_t>(bytes[i]) << 8;
    const auto lower = i + 1 < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + 1]) : 0;
    sum = fold(sum + (upper | lower));
    sums = fold(sums + sum);
  }
  return sums << 16 | sum;
}

std::uint32_t fletcher32(std::span<const std::byte> bytes) {
  Fletcher32 checksum;
  checksum.add(bytes);
  return checksum.value();
}

TEST(Fletcher32, has_the_published_values) {
  const auto of_text = [](std::string_view text) {
    return fletcher32(std::as_bytes(std::span(text)));
  };

  EXPECT_EQ(of_text(""), 0U);
  EXPECT_EQ(of_text("a"), 0x61006100U);
  EXPECT_EQ(of_text("abc"), 0x25C5C462U);
  EXPECT_EQ(of_text("abcd"), 0x2629C4C6U);
}

TEST(Fletcher32, matches_the_plain_loop_at_every_length) {
  const ByteVector bytes = noise(100'003);
  test::for_each_target([&] {
    for (std::size_t size = 0; size < 600; ++size)
      ASSERT_EQ(fletcher32(std::span(bytes).first(size)),
                plain_fletcher32(std::span(bytes).first(size)))
          << size;
    EXPECT_EQ(fletcher32(bytes), plain_fletcher32(bytes));
  });
}

TEST(Fletcher32, folds_zeros_and_ones_as_hdf5_does) {
  for (const auto value : {std::byte{0}, std::byte{0xFF}})
    test::for_each_target([&] {
      for (const std::size_t size : {2U, 130U, 131'070U, 131'072U, 1'000'000U}) {
        const ByteVector bytes(size, value);
        EXPECT_EQ(fletcher32(bytes), plain_fletcher32(bytes)) << size;
      }
    });
}

TEST(Fletcher32, takes_its_bytes_in_pieces) {
  const ByteVector bytes = noise(70'001);
  test::for_each_target([&] {
    Fletcher32 checksum;
    std::size_t begin = 0;
    for (const std::size_t size : {2U, 0U, 64U, 46'080U, 130U})
      checksum.add(std::span(bytes).subspan(std::exchange(begin, begin + size), size));
    checksum.add(std::span(bytes).subspan(begin));

    EXPECT_EQ(checksum.value(), plain_fletcher32(bytes));
  });
}

TEST(Unshuffle, inverts_shuffle_at_every_length) {
  for (const std::size_t element_bytes : {1U, 2U, 3U, 4U, 8U, 16U})
    for (std::size_t size = 0; size < 700; size += size < 300 ? 1 : 13) {
      const ByteVector elements = noise(size);
      ByteVector planes(size), back(size);
      shuffle(elements, element_bytes, planes);
      test::for_each_target([&] {
        unshuffle(planes, element_bytes, back);
        ASSERT_EQ(back, elements) << element_bytes << " x " << size;
      });
    }
}

TEST(Unshuffle, puts_planes_in_the_order_of_hdf5) {
  const ByteVector planes{std::byte{1}, std::byte{2}, std::byte{11}, std::byte{12}, std::byte{9}};
  ByteVector elements(5);

  unshuffle(planes, 2, elements);

  EXPECT_EQ(elements,
            (ByteVector{std::byte{1}, std::byte{11}, std::byte{2}, std::byte{12}, std::byte{9}}));
}

const Filter shuffle_4{Filter::Kind::shuffle, 4};
const Filter deflate{Filter::Kind::deflate};
const Filter checksum{Filter::Kind::checksum};

class ChunkCodec : public ::testing::Test {
 protected:
  /// Text that deflate likes.
  static ByteVector content() {
    ByteVector bytes(10'001);
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::byte>(i * i / 997);
    return bytes;
  }
  ByteVector decode(const std::vector<Filter>& filters, std::uint32_t skipped,
                    const ByteVector& stored, std::size_t wanted) {
    ByteVector out(wanted);
    decode_chunk(filters, skipped, stored, content().size(), out, scratch_);
    return out;
  }
  std::string refusal(const std::vector<Filter>& filters, const ByteVector& stored) {
    return test::io_error_of(ExitCode::bad_content,
                             [&] { decode(filters, 0, stored, content().size()); });
  }

  ChunkScratch scratch_;
};

TEST_F(ChunkCodec, undoes_filters_in_any_order) {
  const std::vector<std::vector<Filter>> pipelines{{},
                                                   {checksum},
                                                   {deflate},
                                                   {shuffle_4},
                                                   {shuffle_4, deflate},
                                                   {shuffle_4, deflate, checksum},
                                                   {checksum, shuffle_4, deflate},
                                                   {deflate, shuffle_4},
                                                   {shuffle_4, shuffle_4, checksum, deflate}};
  for (const auto& filters : pipelines) {
    const ByteVector stored = encode_chunk(filters, 6, content());
    EXPECT_EQ(decode(filters, 0, stored, content().size()), content());
  }
}

TEST_F(ChunkCodec, gives_the_beginning_of_a_chunk) {
  const std::vector<Filter> filters{shuffle_4, deflate, checksum};
  const ByteVector whole = content();

  const ByteVector part = decode(filters, 0, encode_chunk(filters, 1, whole), 1234);

  EXPECT_EQ(part, ByteVector(whole.begin(), whole.begin() + 1234));
}

TEST_F(ChunkCodec, honours_the_filter_mask) {
  const ByteVector stored = encode_chunk(std::vector<Filter>{shuffle_4, checksum}, 1, content());

  EXPECT_EQ(decode({shuffle_4, deflate, checksum}, 0b010, stored, content().size()), content());
}

TEST_F(ChunkCodec, says_what_is_wrong) {
  ByteVector sealed = encode_chunk(std::vector<Filter>{checksum}, 1, content());
  sealed[5000] ^= std::byte{4};
  ByteVector packed = encode_chunk(std::vector<Filter>{deflate}, 1, content());
  ByteVector cut(packed.begin(), packed.end() - 20);
  const ByteVector small = encode_chunk(std::vector<Filter>{deflate}, 1, ByteVector(100));
  const ByteVector large = encode_chunk(std::vector<Filter>{deflate}, 1, ByteVector(20'000));

  EXPECT_THAT(refusal({checksum}, sealed), HasSubstr("is damaged: expected checksum "));
  EXPECT_THAT(refusal({checksum}, ByteVector(3)), HasSubstr("too short"));
  EXPECT_THAT(refusal({deflate}, cut), HasSubstr("zlib stream is damaged"));
  EXPECT_THAT(refusal({deflate}, small), HasSubstr("holds less than 10001 bytes"));
  EXPECT_THAT(refusal({deflate}, large), HasSubstr("holds more than 10001 bytes"));
  EXPECT_THAT(refusal({shuffle_4}, ByteVector(7)), HasSubstr("expected 10001 bytes, found 7"));
  EXPECT_THROW(decode({shuffle_4}, 0, ByteVector(7), 7), IoError);
  EXPECT_THAT(refusal({}, ByteVector(7)), HasSubstr("expected 10001 bytes, found 7"));
}

TEST_F(ChunkCodec, accepts_checksums_from_before_hdf5_1_6_3) {
  ByteVector stored = encode_chunk(std::vector<Filter>{checksum}, 1, content());
  std::swap(stored[10'001], stored[10'002]);
  std::swap(stored[10'003], stored[10'004]);

  EXPECT_EQ(decode({checksum}, 0, stored, content().size()), content());
}

}  // namespace
}  // namespace rondo::io
