// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/schema_fields.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rondo::data::schema {
namespace {

constexpr const char* sequence_length = "sequence_length";
constexpr const char* vocabulary = "vocabulary";
constexpr std::size_t most_channels_last = 4;

std::string describe(const io::Hdf5Dataset& dataset) {
  return fmt::format("{} ({})", name_of(dataset.dtype()), fmt::join(dataset.shape(), ", "));
}

/// image, label, then the others by name.
std::vector<std::string> in_order(std::set<std::string> names) {
  std::vector<std::string> ordered;
  for (const char* first : {image, label})
    if (names.erase(first) > 0) ordered.emplace_back(first);
  ordered.insert(ordered.end(), names.begin(), names.end());
  return ordered;
}

std::vector<std::string> field_names(const io::Hdf5File& file, const std::string& split,
                                     const Dataset::Options& options, Problems& problems) {
  std::set<std::string> names(options.required.begin(), options.required.end());
  for (const auto& [key, path] : options.field_map) {
    const std::size_t slash = key.rfind('/');
    if (slash == std::string::npos) names.insert(key);
    if (slash != std::string::npos && key.substr(0, slash) == split)
      names.insert(key.substr(slash + 1));
  }
  const bool is_foreign = !options.field_map.empty() && !is_rondo_file(file);
  const auto has_split = problems.attempt([&] { return file.contains(split); });
  if (!is_foreign && has_split.value_or(false)) {
    const auto found = problems.attempt([&] { return file.names(split); });
    if (found) names.insert(found->begin(), found->end());
  }
  return in_order(std::move(names));
}

/// A whole number above 0 that an attribute of a field says.
std::size_t count_attribute(const io::Hdf5File& file, const std::string& path,
                            const char* attribute, Problems& problems) {
  const auto found = problems.attempt([&] { return file.integer(path, attribute); });
  if (!found) return 0;
  problems.add_unless(*found > 0, fmt::format("{}@{}: expected a number above 0, found {}", path,
                                              attribute, *found));
  return *found > 0 ? static_cast<std::size_t>(*found) : 0;
}

void read_stream_attributes(const io::Hdf5File& file, const io::Hdf5Dataset& dataset,
                            FieldInfo& info, Problems& problems) {
  info.is_stream = true;
  info.sample_shape = {
      std::max<std::size_t>(1, count_attribute(file, info.path, sequence_length, problems))};
  if (file.has_attribute(info.path, vocabulary))
    info.vocabulary = count_attribute(file, info.path, vocabulary, problems);
  FieldSpec number = info;
  number.is_stream = false;
  number.sample_shape.clear();
  problems.add_unless(dataset.shape().size() == 1 && holds_labels(number),
                      fmt::format("{}: expected whole numbers (tokens), as it has a {}, found {}",
                                  info.path, sequence_length, describe(dataset)));
}

void require_image(const io::Hdf5Dataset& dataset, const FieldInfo& info, bool is_mapped,
                   Problems& problems) {
  const Shape& shape = dataset.shape();
  const bool is_image = (info.dtype == DType::u8 || info.dtype == DType::f32) &&
                        (shape.size() == 3 || shape.size() == 4) && !info.is_stream;
  problems.add_unless(
      is_image, fmt::format("{}: expected u8 or f32 (samples, channels, height, width), found {}",
                            info.path, describe(dataset)));
  const bool is_channels_last = is_mapped && shape.size() == 4 && shape[1] > most_channels_last &&
                                shape[3] <= most_channels_last;
  problems.add_unless(
      !is_channels_last,
      fmt::format("{}: expected (samples, channels, height, width), found {}, which "
                  "looks like channels last: transpose it to (0, 3, 1, 2)",
                  info.path, describe(dataset)));
}

std::size_t chunk_samples_of(const io::Hdf5Dataset& dataset, const FieldInfo& info) {
  const Shape& chunk = dataset.storage().chunk;
  if (chunk.empty()) return suitable_chunk_samples(info.sample_bytes(), info.samples);
  return std::max<std::size_t>(1, chunk.front() / rows_per_sample(info));
}

FieldInfo read_header(const io::Hdf5File& file, const io::Hdf5Dataset& dataset,
                      const std::string& name, bool is_mapped, Problems& problems) {
  FieldInfo info;
  info.name = name;
  info.path = dataset.name();
  info.dtype = dataset.dtype();
  const Shape& shape = dataset.shape();
  if (shape.empty()) {
    problems.add(fmt::format("{}: expected (samples, ...), found one number", info.path));
    return info;
  }
  info.sample_shape.assign(shape.begin() + 1, shape.end());
  if (file.has_attribute(info.path, sequence_length))
    read_stream_attributes(file, dataset, info, problems);
  if (name == image) require_image(dataset, info, is_mapped, problems);
  info.samples = shape.front() / rows_per_sample(info);
  if (info.samples == 0 || info.sample_elements() == 0) {
    problems.add(fmt::format("{}: expected at least one sample of at least one element, found {}{}",
                             info.path, describe(dataset),
                             info.is_stream ? fmt::format(", shorter than one {} of {}",
                                                          sequence_length, info.sample_shape[0])
                                            : ""));
    info.samples = 0;
    return info;
  }
  info.chunk_samples = chunk_samples_of(dataset, info);
  info.stored_bytes = dataset.stored_bytes();
  info.checksum = dataset.storage().checksum;
  return info;
}

void require_equal_lengths(const std::string& split, const std::vector<Field>& fields,
                           Problems& problems) {
  std::set<std::size_t> lengths;
  std::vector<std::string> texts;
  for (const Field& field : fields) {
    if (field.info.samples == 0) continue;
    lengths.insert(field.info.samples);
    texts.push_back(fmt::format("{} {}", field.info.path, field.info.samples));
  }
  problems.add_unless(lengths.size() <= 1,
                      fmt::format("{}: expected fields of equal length, found samples: {}", split,
                                  fmt::join(texts, ", ")));
}

}  // namespace

std::vector<Field> open_fields(const io::Hdf5File& file, const std::string& split,
                               const Dataset::Options& options, Problems& problems) {
  std::vector<Field> fields;
  for (const std::string& name : field_names(file, split, options, problems)) {
    const std::string path = field_path(options.field_map, split, name);
    auto dataset = problems.attempt([&] { return file.dataset(path); });
    if (!dataset) continue;
    FieldInfo info = read_header(file, *dataset, name, !options.field_map.empty(), problems);
    fields.push_back({std::move(info), std::move(*dataset)});
  }
  require_equal_lengths(split, fields, problems);
  return fields;
}

}  // namespace rondo::data::schema
