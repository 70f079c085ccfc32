// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/attribute_message.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include <fmt/format.h>

namespace rondo::io {
namespace {

using Kind = AttributeMessage::Kind;

constexpr std::size_t length_bytes = 8;
constexpr std::size_t address_bytes = 8;
/// Length, address of a heap, and number of an object in it.
constexpr std::size_t text_reference_bytes = 16;

/// The parts of a message. Version 1 pads all but the last to 8 bytes.
struct Parts {
  std::string_view name;
  bool is_shared = false;
  Bytes type;
  Bytes space;
  Bytes elements;
};

Parts split(ByteCursor message) {
  const std::uint64_t version = message.number(1);
  const std::uint64_t flags = message.number(1);
  const std::uint64_t name_bytes = message.number(2);
  const std::uint64_t type_bytes = message.number(2);
  const std::uint64_t space_bytes = message.number(2);
  if (version >= 3) message.take(1);
  const auto part = [&](std::uint64_t bytes) {
    return message.take(version == 1 ? (bytes + 7) / 8 * 8 : bytes).first(bytes);
  };
  const Bytes name = part(name_bytes);
  const auto end = std::find(name.begin(), name.end(), std::byte{0});
  Parts parts;
  parts.name = {reinterpret_cast<const char*>(name.data()),
                static_cast<std::size_t>(end - name.begin())};
  parts.is_shared = version >= 2 && (flags & 3U) != 0;
  parts.type = part(type_bytes);
  parts.space = part(space_bytes);
  parts.elements = message.rest();
  return parts;
}

bool is_whole_integer(ByteCursor properties, std::size_t element_bytes) {
  const bool starts_at_0 = properties.number(2) == 0;
  return properties.number(2) == 8 * element_bytes && starts_at_0 &&
         std::has_single_bit(element_bytes) && element_bytes <= 8;
}

/// Offset and width in bits, of the exponent, of the mantissa; bias.
bool is_ieee(Bytes properties, std::size_t element_bytes) {
  constexpr std::array<unsigned char, 12> f32{0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0};
  constexpr std::array<unsigned char, 12> f64{0, 0, 64, 0, 52, 11, 0, 52, 0xFF, 0x03, 0, 0};
  const auto is = [&](const auto& layout) {
    const auto expected = std::as_bytes(std::span(layout));
    return std::equal(expected.begin(), expected.end(), properties.begin());
  };
  return (element_bytes == 4 && is(f32)) || (element_bytes == 8 && is(f64));
}

/// Class and version, three bytes of bits that mean something else for each class, size.
void decode_type(ByteCursor type, AttributeMessage& attribute) {
  enum Class : unsigned { integer = 0, number = 1, text = 3, variable = 9 };
  const std::uint64_t type_class = type.number(1) & 0x0FU;
  const std::uint64_t bits = type.number(3);
  attribute.element_bytes = type.number(4);
  attribute.is_big_endian = (bits & 1U) != 0;
  attribute.is_signed = (bits & 8U) != 0;
  if (type_class == integer && is_whole_integer(type, attribute.element_bytes))
    attribute.kind = Kind::integer;
  else if (type_class == number && (bits & 0x40U) == 0 &&
           is_ieee(type.take(12), attribute.element_bytes))
    attribute.kind = Kind::number;
  else if (type_class == text && attribute.element_bytes > 0)
    attribute.kind = Kind::fixed_text;
  else if (type_class == variable && (bits & 0x0FU) == 1 &&
           attribute.element_bytes == text_reference_bytes)
    attribute.kind = Kind::variable_text;
}

/// How many elements there are, but no more than would be too many.
std::uint64_t element_count(ByteCursor space) {
  constexpr std::uint64_t too_many = std::uint64_t{1} << 32;
  constexpr std::uint64_t null_space = 2;
  const std::uint64_t version = space.number(1);
  const std::uint64_t rank = space.number(1);
  space.take(1);
  const std::uint64_t kind = space.number(1);
  if (version == 1)
    space.take(4);
  else if (kind == null_space)
    return 0;
  std::uint64_t count = 1;
  for (std::uint64_t i = 0; i < rank; ++i)
    count = std::min(count, too_many) * std::min(space.number(length_bytes), too_many - 1);
  return count;
}

AttributeMessage decode(const Parts& parts) {
  AttributeMessage attribute;
  if (parts.is_shared) return attribute;
  decode_type(ByteCursor(parts.type), attribute);
  attribute.count = element_count(ByteCursor(parts.space));
  attribute.is_list = std::to_integer<int>(parts.space[1]) > 0;  // its rank
  attribute.elements = parts.elements;
  if (attribute.kind != Kind::other &&
      attribute.count > attribute.elements.size() / attribute.element_bytes)
    throw BeyondEnd{};
  return attribute;
}

/// Calls `use` with each of the messages of a kind until it returns true.
template <class Use>
void for_each_message(const std::vector<HeaderMessage>& messages, HeaderMessage::Kind kind,
                      const Hdf5Place& place, Use use) {
  for (const HeaderMessage& message : messages) {
    try {
      if (message.kind == kind && use(ByteCursor(message.bytes))) return;
    } catch (const BeyondEnd&) {
      throw IoError(ExitCode::bad_content,
                    fmt::format("{}: attribute {}: an attribute declares more than its message of "
                                "{} bytes holds",
                                place.path, place.object, message.bytes.size()));
    }
  }
}

}  // namespace

std::uint64_t AttributeMessage::bits(std::size_t index) const {
  std::array<std::byte, 8> element{};
  const Bytes found = elements.subspan(index * element_bytes, element_bytes);
  if (is_big_endian)
    std::reverse_copy(found.begin(), found.end(), element.begin());
  else
    std::copy(found.begin(), found.end(), element.begin());
  return little_endian(element);
}

std::int64_t AttributeMessage::integer(std::size_t index) const {
  const std::size_t unused_bits = 64 - 8 * element_bytes;
  const auto widened = static_cast<std::int64_t>(bits(index) << unused_bits);
  if (is_signed) return widened >> unused_bits;
  return static_cast<std::int64_t>(bits(index));
}

double AttributeMessage::number(std::size_t index) const {
  if (kind == Kind::integer) {
    return is_signed ? static_cast<double>(integer(index)) : static_cast<double>(bits(index));
  }
  if (element_bytes == 8) return std::bit_cast<double>(bits(index));
  return double{std::bit_cast<float>(static_cast<std::uint32_t>(bits(index)))};
}

std::optional<AttributeMessage> find_attribute(const std::vector<HeaderMessage>& messages,
                                               std::string_view name, const Hdf5Place& place) {
  std::optional<AttributeMessage> found;
  for_each_message(messages, HeaderMessage::attribute, place, [&](ByteCursor message) {
    const Parts parts = split(message);
    if (parts.name == name) found = decode(parts);
    return found.has_value();
  });
  return found;
}

std::vector<std::string> attribute_names(const std::vector<HeaderMessage>& messages,
                                         const Hdf5Place& place) {
  std::vector<std::string> names;
  for_each_message(messages, HeaderMessage::attribute, place, [&](ByteCursor message) {
    names.emplace_back(split(message).name);
    return false;
  });
  return names;
}

bool has_attributes_elsewhere(const std::vector<HeaderMessage>& messages, const Hdf5Place& place) {
  constexpr std::uint64_t nowhere = ~std::uint64_t{0};
  constexpr std::uint64_t has_creation_order = 1;
  bool has_heap = false;
  for_each_message(messages, HeaderMessage::attribute_info, place, [&](ByteCursor message) {
    message.take(1);  // version
    if ((message.number(1) & has_creation_order) != 0) message.take(2);
    has_heap = message.number(address_bytes) != nowhere;
    return has_heap;
  });
  return has_heap;
}

}  // namespace rondo::io
