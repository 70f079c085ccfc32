// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "rondo/data/batch_loader.hpp"
#include "rondo/data/fields.hpp"
#include "rondo/data/lane_sampler.hpp"

/// What a BatchLoader holds in memory, by the rules that it follows itself.
namespace rondo::data {

/// Buffers for decoded chunks: for the present group of each lane, and for
/// `options.chunks_ahead` more, but no more than there are chunks.
std::size_t chunk_buffers(const LaneSampler& sampler, const BatchLoader::Options& options);

/// Whether a field is so small that it is read as a whole, where its chunks are not those of
/// `chunk_samples` samples that the loader reads by.
bool is_kept_whole(const FieldInfo& field, std::size_t chunk_samples);

/// Of a sample in a batch: images as f32 and of `image_size` if given, or as stored and with their
/// ImageTransform; labels as i32; others as they are stored.
std::size_t batch_bytes_per_sample(const FieldInfo& field,
                                   std::optional<std::size_t> image_size = {},
                                   ImageForm image_form = ImageForm::decoded);

/// The automatic window of a run that reads the images of a split, or where it has none, its field
/// with the largest samples.
std::size_t automatic_window(const DatasetInfo& info);

struct LoaderMemory {
  std::size_t chunks = 0;       ///< buffers
  std::size_t chunk_bytes = 0;  ///< of all these buffers
  std::size_t batch_bytes = 0;
  std::size_t whole_bytes = 0;  ///< of the fields that are kept whole

  std::size_t total() const noexcept { return chunk_bytes + batch_bytes + whole_bytes; }
};

/// LoaderStatistics::planned_bytes of a loader that reads `fields`, before there is one.
LoaderMemory planned_memory(const std::vector<FieldInfo>& fields, const LaneSampler& sampler,
                            const BatchLoader::Options& options);

}  // namespace rondo::data
