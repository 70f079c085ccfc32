// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/object_header.hpp"

#include <cstring>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/attribute_message.hpp"
#include "support/io_errors.hpp"

namespace rondo::io {
namespace {

using ::testing::HasSubstr;
using Kind = HeaderMessage::Kind;

constexpr Hdf5Place place{"file.h5", "x"};

std::vector<std::byte> bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// A little-endian number of `size` bytes.
std::string number(std::uint64_t value, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(&value), sizeof(value));
  bytes.resize(size);
  return bytes;
}

std::string message_v1(unsigned kind, const std::string& content) {
  return number(kind, 2) + number(content.size(), 2) + number(0, 4) + content;
}
std::string header_v1(const std::string& messages) {
  return number(1, 2) + number(1, 2) + number(1, 4) + number(messages.size(), 4) + number(0, 4) +
         messages;
}
std::string message_v2(unsigned kind, const std::string& content) {
  return number(kind, 1) + number(content.size(), 2) + number(0, 1) + content;
}
/// With a first block whose size takes two bytes, and a checksum nobody looks at.
std::string header_v2(const std::string& messages) {
  return "OHDR" + number(2, 1) + number(1, 1) + number(messages.size(), 2) + messages + "sum!";
}
std::string continuation(std::uint64_t address, std::uint64_t size) {
  return number(address, 8) + number(size, 8);
}

std::vector<HeaderMessage> messages_in(const std::string& file) {
  return read_header(
      0,
      [&](std::uint64_t address, std::span<std::byte> bytes) {
        if (address > file.size() || bytes.size() > file.size() - address)
          throw IoError(ExitCode::bad_content, "beyond the end of the file");
        std::memcpy(bytes.data(), file.data() + address, bytes.size());
      },
      place);
}
std::string refusal_of(const std::string& file) {
  return test::io_error_of(ExitCode::bad_content, [&] { messages_in(file); });
}

TEST(ObjectHeader, is_cut_into_messages) {
  const std::string aligned = "12345678";
  for (const std::string& file :
       {header_v1(message_v1(7, aligned) + message_v1(12, "")),
        header_v2(message_v2(7, aligned) + message_v2(12, "") + number(0, 3))}) {
    const auto messages = messages_in(file);

    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0].kind, 7U);
    EXPECT_EQ(messages[0].bytes, bytes_of(aligned));
    EXPECT_EQ(messages[1].kind, 12U);
  }
}

TEST(ObjectHeader, goes_on_in_other_blocks) {
  const std::string more_v1 = message_v1(12, "abcdefgh");
  const std::string first_v1 = header_v1(message_v1(Kind::continuation, continuation(40, 16)));
  ASSERT_EQ(first_v1.size(), 40U);
  const std::string more_v2 = "OCHK" + message_v2(12, "abcdefgh") + "sum!";
  const std::string first_v2 = header_v2(message_v2(Kind::continuation, continuation(32, 20)));
  ASSERT_EQ(first_v2.size(), 32U);

  for (const std::string& file : {first_v1 + more_v1, first_v2 + more_v2}) {
    const auto messages = messages_in(file);
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[1].bytes, bytes_of("abcdefgh"));
  }
  EXPECT_THAT(refusal_of(first_v2 + more_v1), HasSubstr("beyond the end"));
  EXPECT_THAT(refusal_of(first_v2 + std::string(20, 'x')), HasSubstr("no signature"));
}

TEST(ObjectHeader, is_refused_when_a_part_does_not_lie_in_the_whole) {
  const std::string good = header_v1(message_v1(12, "abcdefgh"));
  std::string long_message = good;
  long_message[18] = 9;
  std::string long_block = good;
  long_block[8] = 17;
  std::string unknown = good;
  unknown[0] = 3;

  EXPECT_THAT(refusal_of(long_message), HasSubstr("a message of 9 bytes where 8 are left"));
  EXPECT_THAT(refusal_of(long_block), HasSubstr("beyond the end"));
  EXPECT_THAT(refusal_of(unknown), HasSubstr("expected version 1 or 2 at byte 0, found 3"));
  EXPECT_THAT(refusal_of(header_v1(message_v1(Kind::continuation, "12345678"))),
              HasSubstr("continuation is too short"));
}

TEST(ObjectHeader, is_refused_when_it_never_ends) {
  const std::string endless = header_v1(message_v1(Kind::continuation, continuation(16, 24)));

  EXPECT_THAT(refusal_of(endless), HasSubstr("expected at most"));
}

struct Sample {
  const char* name;
  Kind kind;
  std::string content;  ///< the shortest that is sound
};

std::vector<Sample> samples() {
  const std::string addresses(16, '\0');
  return {
      {"dataspace 1", Kind::dataspace, number(0x010201, 3) + number(0, 5) + std::string(32, '\0')},
      {"dataspace 2", Kind::dataspace, number(0x01000202, 4) + std::string(16, '\0')},
      {"integer", Kind::datatype, number(0x10, 1) + std::string(11, '\0')},
      {"float", Kind::datatype, number(0x11, 1) + std::string(19, '\0')},
      {"old fill", Kind::old_fill_value, number(3, 4) + "abc"},
      {"fill 2", Kind::fill_value, number(0x01000002, 4) + number(3, 4) + "abc"},
      {"fill 3", Kind::fill_value, number(0x2003, 2) + number(3, 4) + "abc"},
      {"link", Kind::link, number(0x1C01, 2) + number(0, 10) + number(3, 1) + "abc" + number(9, 8)},
      {"soft link", Kind::link, number(0x010801, 3) + number(2, 1) + "ab" + number(3, 2) + "xyz"},
      {"link info", Kind::link_info, number(0x0300, 2) + number(0, 8) + addresses + number(0, 8)},
      {"compact 1", Kind::layout,
       number(0x000201, 3) + number(0, 5) + number(0, 8) + number(2, 4) + "ab"},
      {"chunked 2", Kind::layout, number(0x020202, 3) + number(0, 5) + number(0, 8) + number(0, 8)},
      {"compact 3", Kind::layout, number(0x0003, 2) + number(2, 2) + "ab"},
      {"contiguous 3", Kind::layout, number(0x0103, 2) + addresses},
      {"chunked 3", Kind::layout, number(0x020203, 3) + number(0, 8) + number(0, 8)},
      {"fixed array", Kind::layout,
       number(0x0202000204, 5) + number(0, 4) + number(0x0A03, 2) + number(0, 8)},
      {"filters 1", Kind::filters,
       number(0x0101, 2) + number(0, 6) + number(1, 2) + number(8, 2) + number(0, 2) +
           number(1, 2) + number(0x65, 8) + number(0, 8)},
      {"filters 2", Kind::filters,
       number(0x0102, 2) + number(1, 2) + number(0, 2) + number(1, 2) + number(0, 4)},
      {"group info", Kind::group_info, number(0x0300, 2) + number(0, 8)},
      {"symbol table", Kind::symbol_table, addresses},
      {"references", Kind::reference_count, number(0, 5)},
  };
}

TEST(Messages, are_sound_when_they_hold_what_they_declare) {
  for (const Sample& sample : samples()) {
    EXPECT_NO_THROW(require_sound({{sample.kind, false, bytes_of(sample.content)}}, place))
        << sample.name;
    for (std::size_t size = 0; size < sample.content.size(); ++size) {
      SCOPED_TRACE(std::string(sample.name) + " of " + std::to_string(size) + " bytes");
      const HeaderMessage cut{sample.kind, false, bytes_of(sample.content.substr(0, size))};
      test::io_error_of(ExitCode::bad_content, [&] { require_sound({cut}, place); });
    }
  }
}

TEST(Messages, are_refused_when_they_lead_elsewhere) {
  const auto refusal = [](const HeaderMessage& message) {
    return test::io_error_of(ExitCode::bad_content, [&] { require_sound({message}, place); });
  };

  EXPECT_THAT(refusal({Kind::datatype, true, bytes_of(number(0, 20))}),
              HasSubstr("file.h5: x: shares"));
  EXPECT_THAT(refusal({Kind::external_files, false, {}}), HasSubstr("has external storage"));
  EXPECT_THAT(refusal({Kind::layout, false, bytes_of(number(0x0304, 14))}),
              HasSubstr("is a virtual dataset"));
  EXPECT_THAT(refusal({Kind::datatype, false, bytes_of(number(0x16, 40))}),
              HasSubstr("found neither integers nor"));
  EXPECT_THAT(refusal({Kind::cache_image, false, {}}), HasSubstr("superblock extension"));
}

/// An attribute "a" of version 3, with one dimension of `count`.
HeaderMessage attribute(const std::string& type, std::uint64_t count, const std::string& elements) {
  const std::string space = number(0x01000102, 4) + number(count, 8);
  return {Kind::attribute, false,
          bytes_of(number(3, 2) + number(2, 2) + number(type.size(), 2) + number(space.size(), 2) +
                   number(0, 1) + number('a', 2) + type + space + elements)};
}
std::string integer_type(std::uint64_t bits, std::uint64_t size) {
  return number(0x10 | bits << 8, 4) + number(size, 4) + number(0, 2) + number(8 * size, 2);
}
AttributeMessage found(const std::vector<HeaderMessage>& messages) {
  const auto attribute = find_attribute(messages, "a", place);
  EXPECT_TRUE(attribute.has_value());
  return attribute.value_or(AttributeMessage{});
}

TEST(Attribute, has_integers_of_any_size_sign_and_order) {
  const std::vector<HeaderMessage> little{attribute(integer_type(8, 2), 2, number(0xFFFE0102, 4))};
  const std::vector<HeaderMessage> big{attribute(integer_type(9, 2), 1, number(0xFEFF, 2))};
  const std::vector<HeaderMessage> no_sign{attribute(integer_type(0, 1), 1, number(0xFF, 1))};

  EXPECT_EQ(found(little).integer(0), 0x0102);
  EXPECT_EQ(found(little).integer(1), -2);
  EXPECT_EQ(found(big).integer(0), -2);
  EXPECT_EQ(found(no_sign).integer(0), 255);
  EXPECT_EQ(found(little).number(1), -2.0);
  EXPECT_FALSE(find_attribute(little, "b", place));
}

TEST(Attribute, declares_no_more_than_it_holds) {
  const std::string eight(8, 'x');
  for (const std::uint64_t count : {std::uint64_t{3}, std::uint64_t{1} << 60, ~std::uint64_t{0}}) {
    const HeaderMessage lie = attribute(integer_type(0, 4), count, eight);
    EXPECT_THAT(test::io_error_of(ExitCode::bad_content, [&] { found({lie}); }),
                HasSubstr("an attribute declares more than its message"));
  }
  const HeaderMessage good = attribute(integer_type(0, 4), 2, eight);
  EXPECT_EQ(found({good}).count, 2U);
  for (std::size_t size = 0; size < good.bytes.size(); ++size) {
    HeaderMessage cut = good;
    cut.bytes.resize(size);
    test::io_error_of(ExitCode::bad_content, [&] { found({cut}); });
  }
}

TEST(Attribute, of_a_type_that_is_not_ours_is_told_apart) {
  const std::string odd_bits = number(0x10, 4) + number(4, 4) + number(0, 2) + number(31, 2);
  const std::string compound = number(0x16, 4) + number(8, 4) + number(0, 30);

  EXPECT_EQ(found({attribute(odd_bits, 1, "abcd")}).kind, AttributeMessage::Kind::other);
  EXPECT_EQ(found({attribute(compound, 1, "")}).kind, AttributeMessage::Kind::other);
}

TEST(Attribute, names_are_listed_without_looking_at_what_they_hold) {
  const HeaderMessage lie = attribute(integer_type(0, 4), 1000, "");
  const HeaderMessage other{Kind::symbol_table, false, bytes_of(std::string(16, 'x'))};
  HeaderMessage cut = lie;
  cut.bytes.resize(9);

  EXPECT_EQ(attribute_names({other, lie, lie}, place), (std::vector<std::string>{"a", "a"}));
  EXPECT_THAT(
      test::io_error_of(ExitCode::bad_content,
                        [&] {
                          attribute_names({lie, cut}, place);
                        }),
      HasSubstr("file.h5: attribute x: an attribute declares more than its message of 9 bytes"));
}

TEST(Attribute, in_a_heap_of_its_own_is_noticed) {
  const std::string nowhere(8, '\xFF');
  const auto info = [](const std::string& content) {
    return std::vector<HeaderMessage>{{Kind::attribute_info, false, bytes_of(content)}};
  };

  EXPECT_FALSE(has_attributes_elsewhere({}, place));
  EXPECT_FALSE(has_attributes_elsewhere(info(number(0, 2) + nowhere + nowhere), place));
  EXPECT_TRUE(has_attributes_elsewhere(info(number(0, 2) + number(96, 8) + nowhere), place));
  EXPECT_TRUE(has_attributes_elsewhere(info(number(0x0100, 4) + number(96, 8) + nowhere), place));
  test::io_error_of(ExitCode::bad_content,
                    [&] { has_attributes_elsewhere(info(number(0, 5)), place); });
}

}  // namespace
}  // namespace rondo::io
