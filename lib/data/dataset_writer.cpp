// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/dataset_writer.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "rondo/base/atomic_file.hpp"
#include "rondo/base/error.hpp"

#include "data/schema.hpp"
#include "io/hdf5.hpp"

namespace rondo::data {
namespace {

constexpr std::size_t label_chunk = 65536;

/// Exact sums of u8 values: the result does not depend on how samples were appended.
struct ChannelSums {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
  std::uint64_t sum_of_squares = 0;

  void add(std::span<const std::uint8_t> values) {
    count += values.size();
    for (const std::uint64_t value : values) {
      sum += value;
      sum_of_squares += value * value;
    }
  }
  double mean() const { return static_cast<double>(sum) / static_cast<double>(count) / 255.0; }
  /// 1 for a channel of one value, which then normalises to 0.
  double deviation() const {
    const double mean_square =
        static_cast<double>(sum_of_squares) / static_cast<double>(count) / (255.0 * 255.0);
    const double variance = mean_square - mean() * mean();
    return variance > 1e-10 ? std::sqrt(variance) : 1.0;
  }
};

struct SplitWriter {
  io::Hdf5Dataset image;
  io::Hdf5Dataset label;
  std::size_t written = 0;
};

void require_usable(const DatasetDescription& description) {
  require(description.train_samples > 0 && description.test_samples > 0,
          "DatasetWriter: both splits need samples");
  require(description.channels > 0 && description.height > 0 && description.width > 0,
          "DatasetWriter: images need pixels");
  require(description.classes > 0 && description.classes <= schema::max_classes,
          "DatasetWriter: classes must be 1 to 256");
  require(description.chunk_samples > 0, "DatasetWriter: chunks need samples");
  require(description.class_names.empty() || description.class_names.size() == description.classes,
          "DatasetWriter: one name for each class, or none");
}

SplitWriter create_split(io::Hdf5File& file, const std::string& split, std::size_t samples,
                         const DatasetDescription& description) {
  const std::size_t chunk_samples = std::min(description.chunk_samples, samples);
  const Shape sample{description.channels, description.height, description.width};
  return {file.create_dataset(
              schema::image_name(split), DType::u8, {samples, sample[0], sample[1], sample[2]},
              {.chunk = {chunk_samples, sample[0], sample[1], sample[2]}, .checksum = true}),
          file.create_dataset(schema::label_name(split), DType::u8, {samples},
                              {.chunk = {std::min(label_chunk, samples)}, .checksum = true}),
          0};
}

}  // namespace

struct DatasetWriter::Impl {
  Impl(const std::filesystem::path& path, const DatasetDescription& what)
      : description(what), target(path), sums(what.channels) {
    file.emplace(io::Hdf5File::create(target));
    splits.emplace("train", create_split(*file, "train", what.train_samples, what));
    splits.emplace("test", create_split(*file, "test", what.test_samples, what));
  }

  void write_attributes() {
    std::vector<double> means;
    std::vector<double> deviations;
    for (const ChannelSums& channel : sums) {
      means.push_back(channel.mean());
      deviations.push_back(channel.deviation());
    }
    file->set_text("", "format", schema::format_name);
    file->set_integer("", "version", schema::version);
    file->set_integer("", "classes", static_cast<std::int64_t>(description.classes));
    if (!description.class_names.empty())
      file->set_texts("", "class_names", description.class_names);
    file->set_text("", "source", description.source);
    file->set_numbers("", "mean", means);
    file->set_numbers("", "deviation", deviations);
  }

  void add_to_sums(std::span<const std::uint8_t> images) {
    const std::size_t plane = description.height * description.width;
    for (std::size_t i = 0; i * plane < images.size(); ++i)
      sums[i % sums.size()].add(images.subspan(i * plane, plane));
  }

  DatasetDescription description;
  AtomicFile target;  ///< outlives what is open in it
  std::optional<io::Hdf5File> file;
  std::map<std::string, SplitWriter> splits;
  std::vector<ChannelSums> sums;  ///< of the training split, per channel
};

DatasetWriter::DatasetWriter(const std::filesystem::path& file,
                             const DatasetDescription& description) {
  require_usable(description);
  impl_ = std::make_unique<Impl>(file, description);
}

DatasetWriter::~DatasetWriter() = default;

void DatasetWriter::append(const std::string& split, std::span<const std::uint8_t> images,
                           std::span<const std::uint8_t> labels) {
  const auto found = impl_->splits.find(split);
  require(found != impl_->splits.end(), "DatasetWriter: the splits are train and test");
  SplitWriter& writer = found->second;
  require(labels.size() <= writer.label.shape()[0] - writer.written,
          "DatasetWriter: more samples than described");
  require(std::all_of(labels.begin(), labels.end(),
                      [&](std::uint8_t label) { return label < impl_->description.classes; }),
          "DatasetWriter: label not below the number of classes");
  writer.image.write_rows(writer.written, labels.size(), images);
  writer.label.write_rows(writer.written, labels.size(), labels);
  writer.written += labels.size();
  if (split == "train") impl_->add_to_sums(images);
}

void DatasetWriter::finish() {
  for (const auto& [split, writer] : impl_->splits)
    require(writer.written == writer.label.shape()[0], "DatasetWriter: samples are missing");
  impl_->write_attributes();
  impl_->splits.clear();
  impl_->file->close();
  impl_->target.publish();
}

}  // namespace rondo::data
