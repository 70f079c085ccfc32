// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// Walks through messages as HDF5's decoders do, but looks where they end.
#include <algorithm>

#include <fmt/format.h>

#include "io/object_header.hpp"

namespace rondo::io {
namespace {

constexpr std::size_t address_bytes = 8;
constexpr std::size_t length_bytes = 8;
constexpr unsigned first_named_filter = 256;

bool has(std::uint64_t flags, unsigned bit) {
  return (flags & bit) != 0;
}

void walk_dataspace(ByteCursor message) {
  const std::uint64_t version = message.number(1);
  const std::uint64_t rank = message.number(1);
  const std::uint64_t flags = message.number(1);
  message.take(version == 1 ? 5 : 1);
  message.take(rank * length_bytes * (has(flags, 1) ? 2 : 1));
}

/// Of integers and floating-point numbers: all that a dataset may consist of.
void walk_datatype(ByteCursor message) {
  constexpr std::uint64_t integer = 0;
  const bool is_integer = (message.number(1) & 0x0FU) == integer;
  message.take(is_integer ? 11 : 19);
}

void walk_old_fill_value(ByteCursor message) {
  message.take(message.number(4));
}

/// When to allocate and to write; before version 3 in bytes, and a negative size says "none".
void walk_fill_value(ByteCursor message) {
  constexpr std::uint64_t first_negative = std::uint64_t{1} << 31;
  const bool has_flags = message.number(1) >= 3;
  if (!has_flags) message.take(2);
  if (!has(message.number(1), has_flags ? 0x20 : 0xFF)) return;
  const std::uint64_t bytes = message.number(4);
  if (has_flags || bytes < first_negative) message.take(bytes);
}

void walk_link(ByteCursor message) {
  constexpr std::uint64_t hard = 0;
  message.take(1);
  const std::uint64_t flags = message.number(1);
  const std::uint64_t kind = has(flags, 0x08) ? message.number(1) : hard;
  if (has(flags, 0x04)) message.take(8);
  if (has(flags, 0x10)) message.take(1);
  message.take(message.number(std::size_t{1} << (flags & 3U)));
  message.take(kind == hard ? address_bytes : message.number(2));
}

enum Layout : unsigned { compact = 0, contiguous = 1, chunked = 2, virtual_layout = 3 };

void walk_early_layout(ByteCursor message) {
  const std::uint64_t rank = message.number(1);
  const std::uint64_t layout = message.number(1);
  message.take(5);
  if (layout != compact) message.take(address_bytes);
  message.take(4 * rank);
  if (layout == compact) message.take(message.number(4));
}

/// Version 4: flags, rank, bytes of a dimension, dimensions, kind of index and what it wants.
void walk_chunk_index(ByteCursor message) {
  enum Index : unsigned { single = 1, fixed_array = 3, extensible_array = 4, tree = 5 };
  const std::uint64_t flags = message.number(1);
  const std::uint64_t rank = message.number(1);
  message.take(rank * message.number(1));
  switch (message.number(1)) {
    case single: message.take(has(flags, 2) ? length_bytes + 4 : 0); break;
    case fixed_array: message.take(1); break;
    case extensible_array: message.take(5); break;
    case tree: message.take(6); break;
    default: break;
  }
  message.take(address_bytes);
}

void walk_layout(ByteCursor message) {
  const std::uint64_t version = message.number(1);
  if (version < 3) return walk_early_layout(message);
  switch (message.number(1)) {
    case compact: message.take(message.number(2)); return;
    case contiguous: message.take(address_bytes + length_bytes); return;
    case chunked: break;
    default: message.take(address_bytes + 4); return;
  }
  if (version > 3) return walk_chunk_index(message);
  const std::uint64_t rank = message.number(1);
  message.take(address_bytes + 4 * rank);
}

void walk_filter(ByteCursor& message, std::uint64_t version) {
  const std::uint64_t filter = message.number(2);
  const std::uint64_t name_bytes =
      version == 1 || filter >= first_named_filter ? message.number(2) : 0;
  message.take(2);
  const std::uint64_t values = message.number(2);
  const Bytes name = message.take(name_bytes);
  if (!name.empty() && std::find(name.begin(), name.end(), std::byte{0}) == name.end())
    throw BeyondEnd{};
  message.take(4 * (version == 1 ? values + values % 2 : values));
}

void walk_filters(ByteCursor message) {
  const std::uint64_t version = message.number(1);
  const std::uint64_t filters = message.number(1);
  if (version == 1) message.take(6);
  for (std::uint64_t i = 0; i < filters; ++i)
    walk_filter(message, version);
}

void walk_link_info(ByteCursor message) {
  message.take(1);
  const std::uint64_t flags = message.number(1);
  message.take((has(flags, 1) ? 8 : 0) + (has(flags, 2) ? 3 : 2) * address_bytes);
}

void walk_attribute_info(ByteCursor message) {
  message.take(1);
  const std::uint64_t flags = message.number(1);
  message.take((has(flags, 1) ? 2 : 0) + (has(flags, 2) ? 3 : 2) * address_bytes);
}

void walk_group_info(ByteCursor message) {
  message.take(1);
  const std::uint64_t flags = message.number(1);
  message.take((has(flags, 1) ? 4 : 0) + (has(flags, 2) ? 4 : 0));
}

void walk_file_space(ByteCursor message) {
  constexpr std::size_t managers = 12;
  const std::uint64_t version = message.number(1);
  message.take(1);
  if (version == 0) throw BeyondEnd{};  // of a pre-release of HDF5 1.10 only
  const std::uint64_t persists = message.number(1);
  message.take(2 * length_bytes + 2 + address_bytes);
  if (persists != 0) message.take(managers * address_bytes);
}

void walk(const HeaderMessage& message) {
  const ByteCursor bytes{message.bytes};
  switch (message.kind) {
    case HeaderMessage::dataspace: return walk_dataspace(bytes);
    case HeaderMessage::link_info: return walk_link_info(bytes);
    case HeaderMessage::datatype: return walk_datatype(bytes);
    case HeaderMessage::old_fill_value: return walk_old_fill_value(bytes);
    case HeaderMessage::fill_value: return walk_fill_value(bytes);
    case HeaderMessage::link: return walk_link(bytes);
    case HeaderMessage::layout: return walk_layout(bytes);
    case HeaderMessage::group_info: return walk_group_info(bytes);
    case HeaderMessage::filters: return walk_filters(bytes);
    case HeaderMessage::file_space: return walk_file_space(bytes);
    case HeaderMessage::tree_ranks: ByteCursor(bytes).take(7); return;
    case HeaderMessage::symbol_table: ByteCursor(bytes).take(2 * address_bytes); return;
    case HeaderMessage::attribute_info: return walk_attribute_info(bytes);
    case HeaderMessage::reference_count: ByteCursor(bytes).take(5); return;
    default: return;  // attributes, and what HDF5 does not decode
  }
}

/// What walk() need not understand, because it is not for us to read; empty: nothing.
std::string refusal_of(const HeaderMessage& message) {
  if (message.is_shared && message.kind != HeaderMessage::attribute)
    return "shares a part of its header with others; expected it complete";
  if (message.kind == HeaderMessage::shared_messages || message.kind == HeaderMessage::driver ||
      message.kind == HeaderMessage::cache_image)
    return fmt::format("has a superblock extension of kind {}, which is not supported",
                       message.kind);
  if (message.kind == HeaderMessage::external_files)
    return "has external storage; expected its elements in this file";
  if (message.kind == HeaderMessage::datatype && !message.bytes.empty() &&
      (std::to_integer<unsigned>(message.bytes[0]) & 0x0FU) > 1)
    return "expected elements of f32, f64, i32, i64, u8, u16 or u32 (little-endian), found neither "
           "integers nor floating-point numbers";
  if (message.kind == HeaderMessage::layout && message.bytes.size() > 1 &&
      message.bytes[0] > std::byte{2} && message.bytes[1] == std::byte{virtual_layout})
    return "is a virtual dataset; expected its elements in this file";
  return {};
}

}  // namespace

void require_sound(const std::vector<HeaderMessage>& messages, const Hdf5Place& place) {
  const std::string object = place.object.empty() ? "" : fmt::format("{}: ", place.object);
  for (const HeaderMessage& message : messages) {
    if (const std::string refusal = refusal_of(message); !refusal.empty())
      throw IoError(ExitCode::bad_content, fmt::format("{}: {}{}", place.path, object, refusal));
    try {
      walk(message);
    } catch (const BeyondEnd&) {
      throw IoError(ExitCode::bad_content,
                    fmt::format("{}: {}has a damaged header: its message of kind {} declares more "
                                "than its {} bytes",
                                place.path, object, message.kind, message.bytes.size()));
    }
  }
}

}  // namespace rondo::io
