// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/object_header.hpp"

namespace rondo::io {

/// An attribute as its message in a header holds it.
struct AttributeMessage {
  enum class Kind { integer, number, fixed_text, variable_text, other };
  Kind kind = Kind::other;
  std::size_t element_bytes = 0;
  bool is_signed = false;
  bool is_big_endian = false;
  std::uint64_t count = 0;
  bool is_list = false;  ///< as opposed to a single value, which has no dimensions
  Bytes elements;        ///< at least count * element_bytes, unless of another kind

  std::int64_t integer(std::size_t index) const;
  /// Of an integer or a number (IEEE, of 4 or 8 bytes).
  double number(std::size_t index) const;

 private:
  /// The element as an unsigned number, whatever it means.
  std::uint64_t bits(std::size_t index) const;
};

/// The attribute of that name among an object's messages, which must outlive it; none if there is
/// no such. Others are not looked at. \throws IoError  bad_content: it declares more than it holds
std::optional<AttributeMessage> find_attribute(const std::vector<HeaderMessage>& messages,
                                               std::string_view name, const Hdf5Place& place);

/// The names of the attributes among an object's messages, in their order. \throws as above
std::vector<std::string> attribute_names(const std::vector<HeaderMessage>& messages,
                                         const Hdf5Place& place);

/// Whether the object has attributes that are not among its messages: in a heap of their own.
bool has_attributes_elsewhere(const std::vector<HeaderMessage>& messages, const Hdf5Place& place);

}  // namespace rondo::io
