// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "io/attribute_message.hpp"
#include "io/hdf5.hpp"
#include "io/hdf5_input_driver.hpp"
#include "io/hdf5_library.hpp"
#include "io/hdf5_output_driver.hpp"
#include "io/hdf5_text.hpp"

namespace rondo::io {
namespace {

using Kind = AttributeMessage::Kind;
constexpr auto texts_only = {Kind::fixed_text, Kind::variable_text};

/// Fixed-length texts up to here; HDF5 allows 64 KiB.
constexpr std::size_t max_fixed_text_bytes = std::size_t{1} << 15;

/// Of text in the file's heap: more than ours needs, and little enough to allocate on a stranger's
/// word.
constexpr std::size_t max_attribute_bytes = std::size_t{1} << 20;

[[noreturn]] void throw_attribute(const Hdf5Place& place, const std::string& problem) {
  throw IoError(ExitCode::bad_content,
                fmt::format("{}: attribute {}: {}", place.path, place.object, problem));
}

/// "name@attribute", or the bare attribute on the root group.
std::string attribute_name(const std::string& name, const std::string& attribute) {
  return name.empty() ? attribute : name + "@" + attribute;
}

/// An attribute of a file opened for reading, found without HDF5: it copies as much as the file
/// says out of as little memory as the file says (1.10).
struct FoundAttribute {
  std::vector<HeaderMessage> header;
  std::optional<AttributeMessage> message;
};

/// A file that this process writes, whose headers HDF5 may still hold in memory.
bool is_own_output(hid_t file) {
  unsigned intent = 0;
  return H5Fget_intent(file, &intent) >= 0 && (intent & H5F_ACC_RDWR) != 0;
}

/// None for a handle that is none.
std::vector<HeaderMessage> header_of(hid_t object, const Hdf5Place& place) {
  H5O_info_t info = {};
  if (object < 0 || H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0) return {};
  return read_header(info.addr, input_reader(object, place), place);
}

FoundAttribute look_up(hid_t object, const std::string& attribute, const Hdf5Place& place) {
  FoundAttribute found;
  found.header = header_of(object, place);
  found.message = find_attribute(found.header, attribute, place);
  return found;
}

FoundAttribute require_attribute(hid_t object, const std::string& attribute,
                                 std::initializer_list<Kind> allowed, const char* expected,
                                 const Hdf5Place& place) {
  FoundAttribute found = look_up(object, attribute, place);
  if (!found.message) throw_attribute(place, "expected, but absent");
  const AttributeMessage& message = *found.message;
  if (std::find(allowed.begin(), allowed.end(), message.kind) == allowed.end())
    throw_attribute(place, fmt::format("expected {}, found another type", expected));
  return found;
}

void require_single(const AttributeMessage& message, const Hdf5Place& place) {
  if (message.count != 1)
    throw_attribute(place, fmt::format("expected one value, found {}", message.count));
}

std::vector<std::string> read_fixed_texts(const AttributeMessage& message) {
  std::vector<std::string> texts;
  texts.reserve(message.count);
  for (std::size_t i = 0; i < message.count; ++i) {
    const auto* text =
        reinterpret_cast<const char*>(message.elements.data()) + i * message.element_bytes;
    texts.emplace_back(text, ::strnlen(text, message.element_bytes));
  }
  return texts;
}

std::vector<std::string> read_texts(hid_t object, const AttributeMessage& message,
                                    const Hdf5Place& place) {
  if (message.kind == Kind::fixed_text) return read_fixed_texts(message);
  return read_variable_texts(input_reader(object, place), message.elements, message.count,
                             max_attribute_bytes, place);
}

/// A list of `count`, or a scalar if `count` is 0.
Hdf5Handle attribute_space(std::size_t count, const Hdf5Place& place) {
  const hsize_t dimension = count;
  return checked_handle(
      count == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &dimension, nullptr),
      ExitCode::internal, place, "cannot describe the attribute");
}

void write_attribute(hid_t object, const std::string& attribute, hid_t type, std::size_t count,
                     const void* values, const Hdf5Place& place) {
  const auto space = attribute_space(count, place);
  const auto handle = checked_handle(
      H5Acreate2(object, attribute.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT),
      ExitCode::io, place, "cannot create the attribute");
  const auto memory = checked_handle(H5Tget_native_type(type, H5T_DIR_DEFAULT), ExitCode::internal,
                                     place, "cannot describe the attribute");
  checked(H5Awrite(handle.get(), memory.get(), values), ExitCode::io, place,
          "cannot write the attribute");
  throw_if_output_failed(object, place);
}

/// UTF-8 texts of `length`, or of any (H5T_VARIABLE).
Hdf5Handle text_type(std::size_t length, const Hdf5Place& place) {
  auto type =
      checked_handle(H5Tcopy(H5T_C_S1), ExitCode::internal, place, "cannot describe the attribute");
  H5Tset_size(type.get(), length);
  H5Tset_strpad(type.get(), H5T_STR_NULLPAD);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

void write_long_texts(hid_t object, const std::string& attribute,
                      std::span<const std::string> values, std::size_t count,
                      const Hdf5Place& place) {
  std::vector<const char*> pointers;
  for (const std::string& value : values)
    pointers.push_back(value.c_str());
  write_attribute(object, attribute, text_type(H5T_VARIABLE, place).get(), count,
                  static_cast<const void*>(pointers.data()), place);
}

/// Fixed length, padded with zeros, which needs no heap in the file; unless that is too much.
void write_texts(hid_t object, const std::string& attribute, std::span<const std::string> values,
                 std::size_t count, const Hdf5Place& place) {
  std::size_t length = 1;
  for (const std::string& value : values)
    length = std::max(length, value.size());
  if (length * values.size() > max_fixed_text_bytes)
    return write_long_texts(object, attribute, values, count, place);
  std::vector<char> bytes(length * values.size(), '\0');
  for (std::size_t i = 0; i < values.size(); ++i)
    std::copy(values[i].begin(), values[i].end(),
              bytes.begin() + static_cast<std::ptrdiff_t>(i * length));
  write_attribute(object, attribute, text_type(length, place).get(), count, bytes.data(), place);
}

/// The type of an attribute's elements, which are no texts of variable length.
Hdf5Handle element_type(const AttributeMessage& message, const Hdf5Place& place) {
  if (message.kind == Kind::fixed_text) return text_type(message.element_bytes, place);
  const bool is_number = message.kind == Kind::number;
  const hid_t base = is_number ? (message.element_bytes == 4 ? H5T_IEEE_F32LE : H5T_IEEE_F64LE)
                               : (message.is_signed ? H5T_STD_I8LE : H5T_STD_U8LE);
  auto type =
      checked_handle(H5Tcopy(base), ExitCode::internal, place, "cannot describe the attribute");
  if (!is_number) {
    H5Tset_size(type.get(), message.element_bytes);
    H5Tset_precision(type.get(), 8 * message.element_bytes);
  }
  H5Tset_order(type.get(), message.is_big_endian ? H5T_ORDER_BE : H5T_ORDER_LE);
  return type;
}

/// Bytes and type as they are.
void copy_plain(const AttributeMessage& message, hid_t object, const std::string& attribute,
                const Hdf5Place& to) {
  const auto type = element_type(message, to);
  const auto space = attribute_space(message.is_list ? message.count : 0, to);
  const auto handle = checked_handle(
      H5Acreate2(object, attribute.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
      ExitCode::io, to, "cannot create the attribute");
  checked(H5Awrite(handle.get(), type.get(), message.elements.data()), ExitCode::io, to,
          "cannot write the attribute");
  throw_if_output_failed(object, to);
}

}  // namespace

bool Hdf5File::has_attribute(const std::string& name, const std::string& attribute) const {
  const Hdf5Scope scope;
  const Hdf5Handle object = find(name);
  if (is_own_output(handle_.get())) return H5Aexists(object.get(), attribute.c_str()) > 0;
  const std::string full_name = attribute_name(name, attribute);
  return look_up(object.get(), attribute, {path_, full_name}).message.has_value();
}

std::string Hdf5File::text(const std::string& name, const std::string& attribute) const {
  const Hdf5Scope scope;
  const std::string full_name = attribute_name(name, attribute);
  const Hdf5Place place{path_, full_name};
  const auto object = find(name);
  const auto found = require_attribute(object.get(), attribute, texts_only, "text", place);
  require_single(*found.message, place);
  return read_texts(object.get(), *found.message, place).front();
}

std::vector<std::string> Hdf5File::texts(const std::string& name,
                                         const std::string& attribute) const {
  const Hdf5Scope scope;
  const std::string full_name = attribute_name(name, attribute);
  const Hdf5Place place{path_, full_name};
  const auto object = find(name);
  const auto found = require_attribute(object.get(), attribute, texts_only, "text", place);
  return read_texts(object.get(), *found.message, place);
}

std::int64_t Hdf5File::integer(const std::string& name, const std::string& attribute) const {
  const Hdf5Scope scope;
  const std::string full_name = attribute_name(name, attribute);
  const Hdf5Place place{path_, full_name};
  const auto found =
      require_attribute(find(name).get(), attribute, {Kind::integer}, "an integer", place);
  require_single(*found.message, place);
  return found.message->integer(0);
}

std::vector<double> Hdf5File::numbers(const std::string& name, const std::string& attribute) const {
  const Hdf5Scope scope;
  const std::string full_name = attribute_name(name, attribute);
  const Hdf5Place place{path_, full_name};
  const auto found = require_attribute(find(name).get(), attribute, {Kind::integer, Kind::number},
                                       "numbers", place);
  std::vector<double> values(found.message->count);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = found.message->number(i);
  return values;
}

std::vector<std::string> Hdf5File::attribute_names(const std::string& name) const {
  const Hdf5Scope scope;
  const Hdf5Place place{path_, name};
  const auto object = find(name);
  std::vector<std::string> names = io::attribute_names(header_of(object.get(), place), place);
  std::sort(names.begin(), names.end());
  return names;
}

bool Hdf5File::has_attributes_elsewhere(const std::string& name) const {
  const Hdf5Scope scope;
  const Hdf5Place place{path_, name};
  const auto object = find(name);
  return io::has_attributes_elsewhere(header_of(object.get(), place), place);
}

bool Hdf5File::copy_attribute(const Hdf5File& from, const std::string& from_name,
                              const std::string& attribute, const std::string& name) {
  const Hdf5Scope scope;
  const std::string from_place = attribute_name(from_name, attribute);
  const std::string to_place = attribute_name(name, attribute);
  const Hdf5Place from_where{from.path_, from_place};
  const Hdf5Place to_where{path_, to_place};
  const auto source = from.find(from_name);
  const FoundAttribute found = look_up(source.get(), attribute, from_where);
  const auto object = find(name);
  if (!found.message || found.message->kind == Kind::other || found.message->count == 0 ||
      attribute.empty())
    return false;
  const AttributeMessage& message = *found.message;
  if (message.kind == Kind::variable_text) {
    const auto texts = read_texts(source.get(), message, from_where);
    write_texts(object.get(), attribute, texts, message.is_list ? texts.size() : 0, to_where);
  } else {
    copy_plain(message, object.get(), attribute, to_where);
  }
  return true;
}

void Hdf5File::set_text(const std::string& name, const std::string& attribute,
                        const std::string& value) {
  const Hdf5Scope scope;
  const std::string full_name = attribute_name(name, attribute);
  write_texts(find(name).get(), attribute, {&value, 1}, 0, {path_, full_name});
}

void Hdf5File::set_texts(const std::string& name, const std::string& attribute,
                         std::span<const std::string> values) {
  require(!values.empty(), "set_texts: the list must not be empty");
  const Hdf5Scope scope;
  const std::string full_name = attribute_name(name, attribute);
  write_texts(find(name).get(), attribute, values, values.size(), {path_, full_name});
}

void Hdf5File::set_integer(const std::string& name, const std::string& attribute,
                           std::int64_t value) {
  const Hdf5Scope scope;
  const std::string full_name = attribute_name(name, attribute);
  write_attribute(find(name).get(), attribute, H5T_STD_I64LE, 0, &value, {path_, full_name});
}

void Hdf5File::set_numbers(const std::string& name, const std::string& attribute,
                           std::span<const double> values) {
  require(!values.empty(), "set_numbers: the list must not be empty");
  const Hdf5Scope scope;
  const std::string full_name = attribute_name(name, attribute);
  write_attribute(find(name).get(), attribute, H5T_IEEE_F64LE, values.size(), values.data(),
                  {path_, full_name});
}

}  // namespace rondo::io
