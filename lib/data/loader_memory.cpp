// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/loader_memory.hpp"

#include <algorithm>

#include "data/schema.hpp"

namespace rondo::data {
namespace {

/// Fields up to this size are not worth reading piece by piece.
constexpr std::size_t most_whole_bytes = std::size_t{16} << 20;

}  // namespace

std::size_t chunk_buffers(const LaneSampler& sampler, const BatchLoader::Options& options) {
  const std::size_t present = (options.last_lane - options.first_lane) * sampler.options().window;
  // Chunks that are read together wait for their step in the form in which they are stored.
  const std::size_t ahead = options.read_mode == ReadMode::collective ? 0 : present;
  return std::min(present + options.chunks_ahead.value_or(ahead), sampler.chunk_count());
}

bool is_kept_whole(const FieldInfo& field, std::size_t chunk_samples) {
  return field.chunk_samples != chunk_samples &&
         field.samples * field.sample_bytes() <= most_whole_bytes;
}

std::size_t batch_bytes_per_sample(const FieldInfo& field, std::optional<std::size_t> image_size,
                                   ImageForm image_form) {
  if (field.name == schema::image) {
    if (image_form == ImageForm::stored) return field.sample_bytes() + sizeof(ImageTransform);
    const std::size_t channels = field.sample_shape.size() > 2 ? field.sample_shape.front() : 1;
    const std::size_t elements =
        image_size ? channels * *image_size * *image_size : field.sample_elements();
    return elements * sizeof(float);
  }
  return field.name == schema::label ? sizeof(std::int32_t) : field.sample_bytes();
}

std::size_t automatic_window(const DatasetInfo& info) {
  std::size_t sample_bytes = 0;
  for (const FieldInfo& field : info.fields) {
    sample_bytes = std::max(sample_bytes, field.sample_bytes());
    if (field.name == schema::image)
      return automatic_window(info.chunk_samples * field.sample_bytes());
  }
  return automatic_window(info.chunk_samples * sample_bytes);
}

LoaderMemory planned_memory(const std::vector<FieldInfo>& fields, const LaneSampler& sampler,
                            const BatchLoader::Options& options) {
  const std::size_t chunk_samples = sampler.options().chunk_samples;
  LoaderMemory memory{.chunks = chunk_buffers(sampler, options)};
  for (const FieldInfo& field : fields) {
    memory.chunk_bytes += memory.chunks * chunk_samples * field.sample_bytes();
    memory.batch_bytes += options.depth * sampler.micro_batch() *
                          batch_bytes_per_sample(field, options.image_size, options.image_form);
    if (is_kept_whole(field, chunk_samples))
      memory.whole_bytes += field.samples * field.sample_bytes();
  }
  return memory;
}

}  // namespace rondo::data
