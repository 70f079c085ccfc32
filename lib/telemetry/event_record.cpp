// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "telemetry/event_record.hpp"

#include <array>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>

namespace rondo::telemetry {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
    table[byte] = crc;
  }
  return table;
}();

std::uint32_t masked_crc32c(std::string_view bytes) {
  return std::rotr(crc32c(bytes), 15) + 0xA282EAD8U;
}

std::string little_endian(std::unsigned_integral auto value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof value; ++i)
    bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  return bytes;
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7)
    bytes += static_cast<char>(value | 0x80);
  return bytes += static_cast<char>(value);
}

/// How the bytes behind a field's number are to be read.
enum class WireType : std::uint8_t { varint = 0, eight_bytes = 1, counted = 2, four_bytes = 5 };

std::string key(unsigned field, WireType type) {
  return varint(field << 3U | static_cast<unsigned>(type));
}
std::string integer_field(unsigned field, std::uint64_t value) {
  return key(field, WireType::varint) + varint(value);
}
std::string double_field(unsigned field, double value) {
  return key(field, WireType::eight_bytes) + little_endian(std::bit_cast<std::uint64_t>(value));
}
std::string float_field(unsigned field, float value) {
  return key(field, WireType::four_bytes) + little_endian(std::bit_cast<std::uint32_t>(value));
}
/// Of text, or of a message.
std::string counted_field(unsigned field, std::string_view bytes) {
  return (key(field, WireType::counted) + varint(bytes.size())).append(bytes);
}

std::string time_field(EventFile::Time at) {
  return double_field(1, std::chrono::duration<double>(at.time_since_epoch()).count());
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) noexcept {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes)
    crc = (crc >> 8) ^ crc_table[(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
  return ~crc;
}

std::string to_record(std::string_view data) {
  const std::string length = little_endian(std::uint64_t{data.size()});
  std::string record = length + little_endian(masked_crc32c(length));
  record.append(data);
  return record += little_endian(masked_crc32c(data));
}

std::string version_event(EventFile::Time at) {
  return time_field(at) + counted_field(3, "brain.Event:2");
}

std::string start_event(EventFile::Time at, std::uint64_t step) {
  constexpr std::uint64_t start = 1;
  return time_field(at) + integer_field(2, step) + counted_field(7, integer_field(1, start));
}

std::string scalars_event(EventFile::Time at, std::uint64_t step, std::span<const Scalar> scalars) {
  std::string summary;
  for (const Scalar& scalar : scalars)
    summary += counted_field(
        1, counted_field(1, scalar.tag) + float_field(2, static_cast<float>(scalar.value)));
  return time_field(at) + integer_field(2, step) + counted_field(5, summary);
}

}  // namespace rondo::telemetry
