// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/dataset_writer.hpp"

#include <algorithm>
#include <cmath>
#include <list>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/atomic_file.hpp"
#include "rondo/base/error.hpp"

#include "data/field_writer.hpp"
#include "data/schema.hpp"
#include "data/statistics.hpp"
#include "io/hdf5.hpp"

namespace rondo::data {
namespace {

bool is_usable_name(const std::string& name) {
  return !name.empty() && name != "." && name.find('/') == std::string::npos;
}

void require_usable(const DatasetDescription& description) {
  std::set<std::string> names;
  for (const FieldSpec& field : description.fields) {
    require(is_usable_name(field.name) && names.insert(field.name).second,
            "DatasetWriter: fields need names of their own, without slashes");
    require(field.sample_elements() > 0, "DatasetWriter: a sample needs elements");
    require(!field.is_stream || field.sample_shape.size() == 1,
            "DatasetWriter: a stream's samples are rows of tokens");
  }
  std::set<std::string> splits;
  for (const SplitDescription& split : description.splits)
    require(is_usable_name(split.name) && splits.insert(split.name).second && split.samples != 0U,
            "DatasetWriter: splits need names of their own, without slashes, and samples");
  require(!names.empty() && !splits.empty(), "DatasetWriter: a data set needs fields and splits");
  require(description.classes <= schema::max_classes, "DatasetWriter: too many classes");
  require(description.storage.deflate_level >= 0 && description.storage.deflate_level <= 9,
          "DatasetWriter: the level of deflate is 0 to 9");
  require(description.class_names.empty() || description.class_names.size() == description.classes,
          "DatasetWriter: one name for each class, or none");
}

bool is_image(const FieldSpec& field) {
  return field.name == schema::image && !field.is_stream &&
         (field.dtype == DType::u8 || field.dtype == DType::f32) &&
         (field.sample_shape.size() == 2 || field.sample_shape.size() == 3);
}

bool is_label(const FieldSpec& field) {
  return field.name == schema::label && holds_labels(field);
}

/// One split on its way into the file.
struct SplitWriter {
  SplitWriter(io::Hdf5File& file, const SplitDescription& what,
              const DatasetDescription& description)
      : split(what), labels(description.classes) {
    const auto chunks =
        chunk_sizes(description.fields, description.storage, what.samples.value_or(0));
    for (std::size_t i = 0; i < description.fields.size(); ++i)
      fields.emplace_back(file, what.name + "/" + description.fields[i].name, description.fields[i],
                          chunks[i], description.storage);
  }

  SplitDescription split;
  std::list<FieldWriter> fields;
  LabelStatistics labels;
  std::size_t written = 0;
};

}  // namespace

struct DatasetWriter::Impl {
  Impl(const std::filesystem::path& path, const DatasetDescription& what)
      : description(what), target(path), file(io::Hdf5File::create(target)) {
    for (const SplitDescription& split : what.splits)
      splits.emplace_back(file, split, what);
    const auto image = std::find_if(what.fields.begin(), what.fields.end(), is_image);
    if (image != what.fields.end()) images.emplace(*image);
  }

  SplitWriter& split(const std::string& name) {
    const auto found = std::find_if(splits.begin(), splits.end(), [&](const SplitWriter& writer) {
      return writer.split.name == name;
    });
    require(found != splits.end(), "DatasetWriter: a split that was not described");
    return *found;
  }

  /// Notes what the attributes will say of the samples.
  void observe(SplitWriter& writer, const FieldSpec& field, std::span<const std::byte> samples) {
    if (is_label(field)) {
      writer.labels.add(field.dtype, samples);
      const auto& outliers = writer.labels.outliers();
      if (outliers.count > 0)
        throw IoError(
            ExitCode::bad_content,
            fmt::format("{}: {}: expected labels from 0, below {}, found {} at sample {}",
                        file.path(), writer.split.name,
                        description.classes > 0 ? description.classes : schema::max_classes,
                        outliers.label, outliers.sample));
    }
    // The first split is the one that is trained on.
    if (is_image(field) && &writer == &splits.front()) images->add(samples);
  }

  void write_attributes() {
    file.set_text("", "format", schema::format_name);
    file.set_integer("", "version", schema::version);
    file.set_text("", "source", description.source);
    if (images) write_normalization();
    write_classes();
    for (const SplitWriter& writer : splits)
      file.set_integer(writer.split.name, "samples", static_cast<std::int64_t>(writer.written));
  }

  void write_normalization() {
    const auto mean = images->mean();
    const auto deviation = images->deviation();
    if (!std::all_of(mean.begin(), mean.end(), [](double value) { return std::isfinite(value); }))
      throw IoError(ExitCode::bad_content,
                    fmt::format("{}: the training images hold values that are not finite (mean "
                                "{}): find and mend them in the source",
                                file.path(), fmt::join(mean, ", ")));
    file.set_numbers("", "mean", mean);
    file.set_numbers("", "deviation", deviation);
  }

  void write_classes() {
    if (std::none_of(description.fields.begin(), description.fields.end(), is_label)) return;
    std::size_t classes = description.classes;
    for (const SplitWriter& writer : splits)
      classes = std::max(classes, writer.labels.counts().size());
    file.set_integer("", "classes", static_cast<std::int64_t>(classes));
    if (!description.class_names.empty())
      file.set_texts("", "class_names", description.class_names);
    if (classes > schema::max_attribute_numbers) return;
    for (const SplitWriter& writer : splits) {
      std::vector<double> counts(writer.labels.counts().begin(), writer.labels.counts().end());
      counts.resize(classes);
      file.set_numbers(writer.split.name, "label_counts", counts);
    }
  }

  DatasetDescription description;
  AtomicFile target;  ///< outlives what is open in it
  io::Hdf5File file;
  std::list<SplitWriter> splits;
  std::optional<ImageStatistics> images;
};

DatasetWriter::DatasetWriter(const std::filesystem::path& file,
                             const DatasetDescription& description) {
  require_usable(description);
  impl_ = std::make_unique<Impl>(file, description);
}

DatasetWriter::~DatasetWriter() = default;

void DatasetWriter::append(const std::string& split, std::size_t count,
                           std::span<const std::span<const std::byte>> fields) {
  SplitWriter& writer = impl_->split(split);
  require(fields.size() == writer.fields.size(), "DatasetWriter: all fields of the description");
  require(!writer.split.samples || count <= *writer.split.samples - writer.written,
          "DatasetWriter: more samples than described");
  std::size_t i = 0;
  for (FieldWriter& field : writer.fields) {
    const auto samples = fields[i++];
    require(samples.size() == count * field.field().sample_bytes(),
            "DatasetWriter: the elements of a field are not as many as the samples need");
    impl_->observe(writer, field.field(), samples);
    field.append(samples);
  }
  writer.written += count;
}

void DatasetWriter::finish() {
  for (SplitWriter& writer : impl_->splits) {
    require(writer.written == writer.split.samples.value_or(writer.written),
            "DatasetWriter: samples are missing");
    if (writer.written == 0)
      throw IoError(ExitCode::bad_content,
                    fmt::format("{}: {}: expected at least one sample, found none",
                                impl_->file.path(), writer.split.name));
    for (FieldWriter& field : writer.fields)
      field.finish();
  }
  impl_->write_attributes();
  impl_->splits.clear();
  impl_->file.close();
  impl_->target.publish();
}

}  // namespace rondo::data
