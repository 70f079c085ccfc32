// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "io/bytes.hpp"
#include "io/hdf5_library.hpp"

/// Headers of objects, read without HDF5, which decodes their messages without looking where they
/// end (1.10). What HDF5 opens has been read here before.
namespace rondo::io {

/// A part of an object's header. The kinds are those of the format's specification, IV.A.2.
struct HeaderMessage {
  enum Kind : unsigned {
    dataspace = 0x01,
    link_info = 0x02,
    datatype = 0x03,
    old_fill_value = 0x04,
    fill_value = 0x05,
    link = 0x06,
    external_files = 0x07,
    layout = 0x08,
    group_info = 0x0A,
    filters = 0x0B,
    attribute = 0x0C,
    shared_messages = 0x0F,
    continuation = 0x10,
    symbol_table = 0x11,
    tree_ranks = 0x13,
    driver = 0x14,
    attribute_info = 0x15,
    reference_count = 0x16,
    file_space = 0x17,
    cache_image = 0x18,
  };
  unsigned kind = 0;
  bool is_shared = false;  ///< only refers to a message that is elsewhere
  std::vector<std::byte> bytes;
};

/// The messages of the object whose header is at `address`.
/// \throws IoError  bad_content: a block or a message that is not where it should be, or too many
std::vector<HeaderMessage> read_header(std::uint64_t address, const ReadAt& read,
                                       const Hdf5Place& place);

/// \throws IoError  bad_content: a message that is shorter than what it declares, or leads HDF5 to
///                  other files or to types that are not ours
void require_sound(const std::vector<HeaderMessage>& messages, const Hdf5Place& place);

}  // namespace rondo::io
