// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/dataset.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "data/chunk_cache.hpp"
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

}  // namespace

struct Dataset::Impl {
  Impl(schema::Split split, const Options& options)
      : info(std::move(split.info)),
        image(std::move(split.image)),
        labels(std::move(split.labels)),
        tables(normalization_tables(info)),
        cache(options.cache_bytes, [this](std::size_t number) { return load_chunk(number); }) {}

  ChunkCache::Chunk load_chunk(std::size_t number) const {
    const std::size_t first = number * info.chunk_samples;
    const std::size_t count = std::min(info.chunk_samples, info.samples - first);
    ChunkCache::Chunk chunk(count * info.sample_elements());
    image.read_rows(first, count, std::span(chunk));
    return chunk;
  }

  void copy_normalized(std::uint64_t sample, std::span<float> out) {
    const auto chunk = cache.chunk(sample / info.chunk_samples);
    const std::size_t plane = info.height * info.width;
    auto in = chunk.subspan(sample % info.chunk_samples * info.sample_elements());
    for (std::size_t channel = 0; channel < info.channels; ++channel) {
      const NormalizationTable& table = tables[channel];
      std::transform(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(plane), out.begin(),
                     [&table](std::uint8_t value) { return table[value]; });
      in = in.subspan(plane);
      out = out.subspan(plane);
    }
  }

  DatasetInfo info;
  io::Hdf5Dataset image;
  std::vector<std::uint8_t> labels;
  std::vector<NormalizationTable> tables;
  std::mutex mutex;  ///< of the cache
  ChunkCache cache;
};

Dataset::Dataset(const std::filesystem::path& file, const std::string& split)
    : Dataset(file, split, Options()) {}

Dataset::Dataset(const std::filesystem::path& file, const std::string& split, Options options)
    : impl_(std::make_unique<Impl>(schema::read_split(io::Hdf5File::open(file), split), options)) {}

Dataset::Dataset(Dataset&&) noexcept = default;
Dataset& Dataset::operator=(Dataset&&) noexcept = default;
Dataset::~Dataset() = default;

const DatasetInfo& Dataset::info() const noexcept {
  return impl_->info;
}

void Dataset::read(std::span<const std::uint64_t> samples, std::span<float> images,
                   std::span<std::int32_t> labels) {
  const std::size_t sample_elements = impl_->info.sample_elements();
  require(images.size() == samples.size() * sample_elements && labels.size() == samples.size(),
          "Dataset::read: images and labels must hold exactly the samples asked for");
  require(std::all_of(samples.begin(), samples.end(),
                      [&](std::uint64_t sample) { return sample < impl_->info.samples; }),
          "Dataset::read: sample beyond the end of the split");
  const std::lock_guard lock(impl_->mutex);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    impl_->copy_normalized(samples[i], images.subspan(i * sample_elements, sample_elements));
    labels[i] = impl_->labels[samples[i]];
  }
}

void Dataset::release(std::span<const std::uint64_t> chunks) {
  const std::lock_guard lock(impl_->mutex);
  for (const std::uint64_t chunk : chunks)
    impl_->cache.release(chunk);
}

void require_same_shape(const DatasetInfo& train, const DatasetInfo& test,
                        const std::filesystem::path& file) {
  const auto shape = [](const DatasetInfo& info) {
    return fmt::format("{}x{}x{}", info.channels, info.height, info.width);
  };
  if (shape(train) == shape(test)) return;
  throw IoError(ExitCode::bad_content,
                fmt::format("{}: /{}/image: expected samples of {} as in /{}/image, found {}",
                            file.string(), test.split, shape(train), train.split, shape(test)));
}

}  // namespace rondo::data
