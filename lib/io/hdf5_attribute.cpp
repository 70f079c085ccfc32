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

FoundAttribute look_up(hid_t object, const std::string& attribute, const Hdf5Place& place) {
  FoundAttribute found;
  H5O_info_t info = {};
  if (object < 0 || H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0) return found;
  found.header = read_header(info.addr, input_reader(object, place), place);
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

bool is_scalar(const OpenAttribute& open) {
  const Hdf5Handle space(H5Aget_space(open.handle.get()));
  return H5Sget_simple_extent_type(space.get()) == H5S_SCALAR;
}

/// Bytes, type and shape as they are.
void copy_plain(const OpenAttribute& open, hid_t object, const std::string& attribute,
                const Hdf5Place& from, const Hdf5Place& to) {
  const auto type = checked_handle(H5Tcopy(open.type.get()), ExitCode::internal, to,
                                   "cannot describe the attribute");
  const auto space = checked_handle(H5Aget_space(open.handle.get()), ExitCode::bad_content, from,
                                    "cannot read the attribute's shape");
  std::vector<std::byte> bytes(std::max<std::size_t>(1, open.count) * H5Tget_size(type.get()));
  checked(H5Aread(open.handle.get(), type.get(), bytes.data()), ExitCode::bad_content, from,
          "cannot read the attribute");
  const auto handle = checked_handle(
      H5Acreate2(object, attribute.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
      ExitCode::io, to, "cannot create the attribute");
  checked(H5Awrite(handle.get(), type.get(), bytes.data()), ExitCode::io, to,
          "cannot write the attribute");
  throw_if_output_failed(object, to);
}

herr_t collect_name(hid_t, const char* name, const H5A_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

}  // namespace

bool Hdf5File::has_attribute(const std::string& name, const std::string& attribute) const {
  const Hdf5Scope scope;
  const std::string full_name = attribute_name(name, attribute);
  return look_up(find(name).get(), attribute, {path_, full_name}).message.has_value();
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
  std::vector<std::string> names;
  checked(H5Aiterate2(find(name).get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_name, &names),
          ExitCode::bad_content, place, "cannot list the attributes");
  std::sort(names.begin(), names.end());
  return names;
}

bool Hdf5File::copy_attribute(const Hdf5File& from, const std::string& from_name,
                              const std::string& attribute, const std::string& name) {
  const Hdf5Scope scope;
  const std::string from_place = attribute_name(from_name, attribute);
  const std::string to_place = attribute_name(name, attribute);
  const auto open = open_attribute(from.find(from_name).get(), attribute, {from.path_, from_place});
  const auto object = find(name);
  const H5T_class_t kind = H5Tget_class(open.type.get());
  if (kind == H5T_STRING && H5Tis_variable_str(open.type.get()) > 0) {
    const auto texts = read_texts(open, {from.path_, from_place});
    if (texts.empty()) return false;
    write_texts(object.get(), attribute, texts, is_scalar(open) ? 0 : texts.size(),
                {path_, to_place});
    return true;
  }
  if (kind != H5T_STRING && kind != H5T_INTEGER && kind != H5T_FLOAT) return false;
  copy_plain(open, object.get(), attribute, {from.path_, from_place}, {path_, to_place});
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
