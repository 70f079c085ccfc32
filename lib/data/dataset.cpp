// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/dataset.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <list>
#include <mutex>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"

#include "data/dataset_impl.hpp"
#include "data/schema.hpp"

namespace rondo::data {
Dataset::Dataset(const std::filesystem::path& file, const std::string& split)
    : Dataset(file, split, Options()) {}

Dataset::Dataset(const std::filesystem::path& file, const std::string& split, Options options)
    : impl_(std::make_unique<Impl>(schema::read_split(io::Hdf5File::open(file), split, options),
                                   options)) {}

Dataset::Dataset(Dataset&&) noexcept = default;
Dataset& Dataset::operator=(Dataset&&) noexcept = default;
Dataset::~Dataset() = default;

const DatasetInfo& Dataset::info() const noexcept {
  return impl_->info;
}

void Dataset::read(std::span<const std::uint64_t> samples, std::span<float> images,
                   std::span<std::int32_t> labels) {
  const std::size_t sample_elements = impl_->info.sample_elements();
  FieldReader& image = impl_->reader(schema::image);
  FieldReader& label = impl_->reader(schema::label);
  require(images.size() == samples.size() * sample_elements && labels.size() == samples.size(),
          "Dataset::read: images and labels must hold exactly the samples asked for");
  impl_->require_samples(samples);
  const std::lock_guard lock(impl_->mutex);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    impl_->normalizer.normalize(image.info().dtype, std::as_bytes(image.sample(samples[i])),
                                images.subspan(i * sample_elements, sample_elements));
    labels[i] = label_value(label.info().dtype, std::as_bytes(label.sample(samples[i])));
  }
}

void Dataset::read_field_bytes(std::string_view field, std::span<const std::uint64_t> samples,
                               std::span<std::byte> bytes) {
  FieldReader& reader = impl_->reader(field);
  const std::size_t sample_bytes = reader.info().sample_bytes();
  require(bytes.size() == samples.size() * sample_bytes,
          "Dataset::read_field: the buffer must hold exactly the samples asked for");
  impl_->require_samples(samples);
  const std::lock_guard lock(impl_->mutex);
  for (std::size_t i = 0; i < samples.size(); ++i)
    std::memcpy(bytes.data() + i * sample_bytes, reader.sample(samples[i]).data(), sample_bytes);
}

GivenAttributes attributes_of(const DatasetInfo& train) {
  return {train.classes, train.mean, train.deviation};
}

std::vector<std::string> split_names(const std::filesystem::path& file, const FieldMap& map) {
  return schema::split_names(io::Hdf5File::open(file), map);
}

void require_same_shape(const DatasetInfo& train, const DatasetInfo& test,
                        const std::filesystem::path& file) {
  const auto text = [](const DatasetInfo& info) {
    std::vector<std::string> texts;
    for (const FieldInfo& field : info.fields)
      texts.push_back(describe(field));
    return fmt::format("{}", fmt::join(texts, "; "));
  };
  if (text(train) == text(test)) return;
  throw IoError(ExitCode::bad_content,
                fmt::format("{}: {}: expected the fields of {} ({}), found {}", file.string(),
                            test.split, train.split, text(train), text(test)));
}

void require_enough_samples(const DatasetInfo& info, std::size_t lanes,
                            const std::filesystem::path& file) {
  if (info.samples >= lanes) return;
  throw IoError(ExitCode::bad_content,
                fmt::format("{}: {}: expected at least as many samples as lanes ({}), found {}: "
                            "take fewer lanes (--lanes, --accumulate, or ranks)",
                            file.string(), info.split, lanes, info.samples));
}

}  // namespace rondo::data
