// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/fields.hpp"

#include <algorithm>
#include <bit>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"

namespace rondo::data {
namespace {

constexpr std::size_t best_chunk_bytes = std::size_t{1} << 20;
constexpr std::size_t least_chunk_bytes = std::size_t{1} << 16;
/// Of a whole split. Rounding up to a power of two at most halves it; then 8 ranks, which read 7
/// chunks twice, read less than 1.05 times the split.
constexpr std::size_t wanted_chunks = 320;

bool is_whole_number(DType dtype) {
  return dispatch(dtype, []<class T>(std::type_identity<T>) { return std::is_integral_v<T>; });
}

[[noreturn]] void throw_bad_mapping(std::string_view text, const std::string& problem) {
  throw Error(ExitCode::usage, fmt::format("--field '{}': {}", text, problem));
}

}  // namespace

bool holds_labels(const FieldSpec& field) {
  return is_whole_number(field.dtype) && field.sample_shape.empty() && !field.is_stream;
}

std::string describe(const FieldSpec& field) {
  if (field.is_stream)
    return fmt::format("{}: {} stream of {}", field.name, name_of(field.dtype),
                       fmt::join(field.sample_shape, " x "));
  return fmt::format("{}: {} ({})", field.name, name_of(field.dtype),
                     fmt::join(field.sample_shape, ", "));
}

const FieldInfo& find_field(const std::vector<FieldInfo>& fields, std::string_view name) {
  std::vector<std::string_view> names;
  for (const FieldInfo& field : fields) {
    if (field.name == name) return field;
    names.push_back(field.name);
  }
  throw UsageError(
      fmt::format("no field '{}': this data set has {}", name, fmt::join(names, ", ")));
}

FieldMap parse_field_map(std::string_view text) {
  FieldMap map;
  for (std::size_t begin = 0; !text.empty() && begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view item = text.substr(begin, end - begin);
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == item.size())
      throw_bad_mapping(item, "expected NAME=PATH, as in image=/train/x");
    const auto [place, is_new] = map.emplace(item.substr(0, equals), item.substr(equals + 1));
    if (!is_new) throw_bad_mapping(item, fmt::format("{} is named twice", place->first));
    begin = end + 1;
  }
  return map;
}

std::string field_path(const FieldMap& map, const std::string& split, const std::string& field) {
  auto found = map.find(split + "/" + field);
  if (found == map.end()) found = map.find(field);
  if (found == map.end()) return split + "/" + field;
  constexpr std::string_view placeholder = "{split}";
  std::string path = found->second;
  for (std::size_t at = path.find(placeholder); at != std::string::npos;
       at = path.find(placeholder, at + split.size()))
    path.replace(at, placeholder.size(), split);
  return path;
}

std::size_t suitable_chunk_samples(std::size_t sample_bytes, std::size_t samples) {
  require(sample_bytes > 0, "suitable_chunk_samples: a sample needs bytes");
  std::size_t samples_wanted = best_chunk_bytes / sample_bytes;
  if (samples > 0)
    samples_wanted = std::min(samples_wanted,
                              std::max(samples / wanted_chunks, least_chunk_bytes / sample_bytes));
  return std::bit_ceil(std::max<std::size_t>(samples_wanted, 1));
}

}  // namespace rondo::data
