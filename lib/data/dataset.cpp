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

#include "data/field_reader.hpp"
#include "data/schema.hpp"

namespace rondo::data {
namespace {

/// The 256 normalised values of one channel.
using NormalizationTable = std::array<float, 256>;

std::vector<NormalizationTable> normalization_tables(const DatasetInfo& info) {
  std::vector<NormalizationTable> tables(info.channels);
  for (std::size_t channel = 0; channel < info.channels; ++channel)
    for (std::size_t value = 0; value < 256; ++value)
      tables[channel][value] =
          static_cast<float>((static_cast<double>(value) / 255.0 - double{info.mean[channel]}) /
                             double{info.deviation[channel]});
  return tables;
}

std::int32_t label_of(DType dtype, std::span<const std::uint8_t> bytes) {
  return dispatch(dtype, [&]<class T>(std::type_identity<T>) -> std::int32_t {
    if constexpr (std::is_integral_v<T>) {
      T label = 0;
      std::memcpy(&label, bytes.data(), sizeof label);
      return static_cast<std::int32_t>(label);  // checked when the file was opened
    } else {
      throw UsageError("Dataset::read: labels are whole numbers");
    }
  });
}

}  // namespace

struct Dataset::Impl {
  Impl(schema::Split split, const Options& options)
      : info(std::move(split.info)), tables(normalization_tables(info)) {
    for (std::size_t i = 0; i < info.fields.size(); ++i)
      readers.emplace_back(info.fields[i], std::move(split.datasets[i]), options.cache_bytes);
  }

  FieldReader& reader(std::string_view field) {
    find_field(info.fields, field);
    return *std::find_if(readers.begin(), readers.end(), [&](const FieldReader& candidate) {
      return candidate.info().name == field;
    });
  }

  void require_samples(std::span<const std::uint64_t> samples) const {
    require(std::all_of(samples.begin(), samples.end(),
                        [&](std::uint64_t sample) { return sample < info.samples; }),
            "Dataset::read: sample beyond the end of the split");
  }

  void copy_normalized(FieldReader& image, std::uint64_t sample, std::span<float> out) {
    const auto in = image.sample(sample);
    const std::size_t plane = info.height * info.width;
    for (std::size_t channel = 0; channel < info.channels; ++channel) {
      const auto target = out.subspan(channel * plane, plane);
      if (image.info().dtype == DType::u8)
        look_up(tables[channel], in.subspan(channel * plane, plane), target);
      else
        normalize(channel, in.subspan(channel * plane * sizeof(float), plane * sizeof(float)),
                  target);
    }
  }

  static void look_up(const NormalizationTable& table, std::span<const std::uint8_t> in,
                      std::span<float> out) {
    std::transform(in.begin(), in.end(), out.begin(),
                   [&table](std::uint8_t value) { return table[value]; });
  }

  void normalize(std::size_t channel, std::span<const std::uint8_t> in,
                 std::span<float> out) const {
    std::memcpy(out.data(), in.data(), in.size());
    for (float& value : out)
      value = (value - info.mean[channel]) / info.deviation[channel];
  }

  DatasetInfo info;
  std::vector<NormalizationTable> tables;
  std::mutex mutex;                ///< of the readers
  std::list<FieldReader> readers;  ///< in the order of info.fields
};

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
    impl_->copy_normalized(image, samples[i], images.subspan(i * sample_elements, sample_elements));
    labels[i] = label_of(label.info().dtype, label.sample(samples[i]));
  }
}

void Dataset::release(std::span<const std::uint64_t> chunks) {
  const std::lock_guard lock(impl_->mutex);
  for (FieldReader& reader : impl_->readers)
    if (reader.info().chunk_samples == impl_->info.chunk_samples) reader.release(chunks);
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

std::vector<std::string> split_names(const std::filesystem::path& file) {
  return schema::split_names(io::Hdf5File::open(file));
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
