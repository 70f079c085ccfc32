// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/schema.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

namespace rondo::data::schema {
namespace {

/// Samples read at once from a file without chunks.
constexpr std::size_t default_chunk_samples = 256;

/// Collects what is wrong with a file, to report all of it in one message.
class Problems {
 public:
  explicit Problems(std::string path) : path_(std::move(path)) {}

  void add(const std::string& problem) { problems_.push_back(problem); }
  void add_unless(bool ok, const std::string& problem) {
    if (!ok) add(problem);
  }

  /// The result of `read`, or none and its error's text noted.
  template <class Read>
  auto attempt(Read read) -> std::optional<decltype(read())> {
    try {
      return read();
    } catch (const IoError& error) {
      const std::string text = error.what();
      const std::string prefix = path_ + ": ";
      add(text.rfind(prefix, 0) == 0 ? text.substr(prefix.size()) : text);
      return std::nullopt;
    }
  }

  bool any() const noexcept { return !problems_.empty(); }

  void throw_if_any() const {
    if (problems_.size() == 1)
      throw IoError(ExitCode::bad_content, fmt::format("{}: {}", path_, problems_.front()));
    if (any())
      throw IoError(ExitCode::bad_content,
                    fmt::format("{}: {} problems:\n  {}", path_, problems_.size(),
                                fmt::join(problems_, "\n  ")));
  }

 private:
  std::string path_;
  std::vector<std::string> problems_;
};

void require_format(const io::Hdf5File& file) {
  if (!file.has_attribute("", "format"))
    throw IoError(
        ExitCode::bad_content,
        fmt::format("{}: is not a Rondo data set: expected attribute format \"{}\", found "
                    "none (rondo-data convert makes one)",
                    file.path(), format_name));
  if (const std::string found = file.text("", "format"); found != format_name)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: attribute format: expected \"{}\", found \"{}\"", file.path(),
                              format_name, found));
  if (const std::int64_t found = file.integer("", "version"); found != version)
    throw IoError(
        ExitCode::bad_content,
        fmt::format("{}: attribute version: expected {}, found {}: convert the data again",
                    file.path(), version, found));
}

void read_classes(const io::Hdf5File& file, DatasetInfo& info, Problems& problems) {
  const auto classes = problems.attempt([&] { return file.integer("", "classes"); });
  if (!classes) return;
  if (*classes < 1 || *classes > static_cast<std::int64_t>(max_classes)) {
    problems.add(
        fmt::format("attribute classes: expected 1 to {}, found {}", max_classes, *classes));
    return;
  }
  info.classes = static_cast<std::size_t>(*classes);
  if (!file.has_attribute("", "class_names")) return;
  info.class_names =
      problems.attempt([&] { return file.texts("", "class_names"); }).value_or(info.class_names);
  problems.add_unless(info.class_names.size() == info.classes,
                      fmt::format("attribute class_names: expected {} names, found {}",
                                  info.classes, info.class_names.size()));
}

std::vector<float> read_per_channel(const io::Hdf5File& file, const char* attribute, double minimum,
                                    std::size_t channels, Problems& problems) {
  const auto values = problems.attempt([&] { return file.numbers("", attribute); });
  if (!values) return {};
  const bool is_usable = std::all_of(values->begin(), values->end(), [&](double value) {
    return std::isfinite(value) && value >= minimum;
  });
  problems.add_unless(is_usable,
                      fmt::format("attribute {}: expected finite numbers of at least {}, "
                                  "found ({})",
                                  attribute, minimum, fmt::join(*values, ", ")));
  problems.add_unless(channels == 0 || values->size() == channels,
                      fmt::format("attribute {}: expected one number for each of {} channels, "
                                  "found {}",
                                  attribute, channels, values->size()));
  std::vector<float> result;
  for (const double value : *values)
    result.push_back(static_cast<float>(value));
  return result;
}

std::string describe(const io::Hdf5Dataset& dataset) {
  return fmt::format("{} ({})", name_of(dataset.dtype()), fmt::join(dataset.shape(), ", "));
}

void read_image_header(const io::Hdf5Dataset& image, DatasetInfo& info, Problems& problems) {
  const Shape& shape = image.shape();
  if (image.dtype() != DType::u8 || shape.size() != 4) {
    problems.add(fmt::format("{}: expected u8 (samples, channels, height, width), found {}",
                             image.name(), describe(image)));
    return;
  }
  if (element_count(shape) == 0) {
    problems.add(fmt::format("{}: expected at least one sample and pixel, found {}", image.name(),
                             describe(image)));
    return;
  }
  info.samples = shape[0];
  info.channels = shape[1];
  info.height = shape[2];
  info.width = shape[3];
  info.chunk_samples =
      image.storage().chunk.empty() ? default_chunk_samples : image.storage().chunk[0];
  info.checksum = image.storage().checksum;
  info.bytes = image.stored_bytes();
}

bool is_label_header_good(const io::Hdf5Dataset& label, const DatasetInfo& info,
                          Problems& problems) {
  const bool is_vector = label.dtype() == DType::u8 && label.shape().size() == 1;
  const bool is_good = is_vector && (info.samples == 0 || label.shape()[0] == info.samples);
  problems.add_unless(is_good,
                      fmt::format("{}: expected u8 ({}), found {}", label.name(),
                                  info.samples == 0 ? "samples" : fmt::format("{}", info.samples),
                                  describe(label)));
  return is_good;
}

/// Counts the labels of each class; those that are none are a problem.
void count_labels(const std::vector<std::uint8_t>& labels, const std::string& name,
                  DatasetInfo& info, Problems& problems) {
  const auto is_outside = [&](std::uint8_t label) { return label >= info.classes; };
  const auto first = std::find_if(labels.begin(), labels.end(), is_outside);
  if (first != labels.end()) {
    problems.add(
        fmt::format("{}: expected labels below {} (attribute classes), found {} at sample "
                    "{} ({} such samples)",
                    name, info.classes, *first, first - labels.begin(),
                    std::count_if(first, labels.end(), is_outside)));
    return;
  }
  info.label_counts.assign(info.classes, 0);
  for (const std::uint8_t label : labels)
    ++info.label_counts[label];
}

}  // namespace

Split read_split(const io::Hdf5File& file, const std::string& split) {
  require_format(file);
  Problems problems(file.path());
  DatasetInfo info;
  info.split = split;
  read_classes(file, info, problems);
  if (file.has_attribute("", "source"))
    info.source = problems.attempt([&] { return file.text("", "source"); }).value_or("");

  auto image = problems.attempt([&] { return file.dataset(image_name(split)); });
  if (image) read_image_header(*image, info, problems);
  info.mean = read_per_channel(file, "mean", 0.0, info.channels, problems);
  info.deviation = read_per_channel(file, "deviation", 1e-6, info.channels, problems);

  std::vector<std::uint8_t> labels;
  const auto label = problems.attempt([&] { return file.dataset(label_name(split)); });
  if (label && is_label_header_good(*label, info, problems)) {
    labels.resize(label->shape()[0]);
    const auto is_read = problems.attempt([&] { return label->read(std::span(labels)), true; });
    if (is_read && info.classes > 0) count_labels(labels, label->name(), info, problems);
  }
  problems.throw_if_any();
  info.label_hash = content_hash(std::as_bytes(std::span(labels)));
  return {std::move(info), std::move(*image), std::move(labels)};
}

}  // namespace rondo::data::schema
