// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/field_writer.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "rondo/base/error.hpp"

namespace rondo::data {
namespace {

constexpr std::size_t most_bytes_of_small_fields = 16;
constexpr std::size_t most_chunk_bytes_of_small_fields = std::size_t{1} << 20;

}  // namespace

FieldWriter::FieldWriter(io::Hdf5File& file, std::string path, FieldSpec field,
                         std::size_t chunk_samples, const StorageOptions& storage)
    : file_(file),
      path_(std::move(path)),
      field_(std::move(field)),
      chunk_samples_(chunk_samples),
      storage_(storage) {}

void FieldWriter::append(std::span<const std::byte> samples) {
  const std::size_t chunk_bytes = chunk_samples_ * field_.sample_bytes();
  while (!samples.empty()) {
    const std::size_t count = std::min(samples.size(), chunk_bytes - pending_bytes_);
    // Grown by what comes: a small field of a small set never takes a whole chunk's memory.
    if (chunk_.size() < pending_bytes_ + count) chunk_.resize(pending_bytes_ + count);
    std::copy_n(samples.begin(), count,
                chunk_.begin() + static_cast<std::ptrdiff_t>(pending_bytes_));
    pending_bytes_ += count;
    samples = samples.subspan(count);
    if (pending_bytes_ == chunk_bytes) flush();
  }
}

void FieldWriter::finish() {
  if (pending_bytes_ > 0) flush();
  if (field_.is_stream)
    file_.set_integer(path_, "sequence_length",
                      static_cast<std::int64_t>(field_.sample_shape.front()));
  if (field_.vocabulary > 0)
    file_.set_integer(path_, "vocabulary", static_cast<std::int64_t>(field_.vocabulary));
  dataset_.reset();
}

std::size_t FieldWriter::rows_per_sample() const {
  return field_.is_stream ? field_.sample_elements() : 1;
}

void FieldWriter::create(std::size_t chunk_samples) {
  Shape shape{0};
  Shape chunk{chunk_samples * rows_per_sample()};
  if (!field_.is_stream) {
    shape.insert(shape.end(), field_.sample_shape.begin(), field_.sample_shape.end());
    chunk.insert(chunk.end(), field_.sample_shape.begin(), field_.sample_shape.end());
  }
  dataset_ = file_.create_dataset(path_, field_.dtype, shape,
                                  {.chunk = chunk,
                                   .checksum = true,
                                   .shuffle = storage_.shuffle,
                                   .deflate_level = storage_.deflate_level,
                                   .extendible = true});
}

void FieldWriter::flush() {
  const std::size_t samples = pending_bytes_ / field_.sample_bytes();
  if (!dataset_) create(samples);
  const std::size_t written = dataset_->shape().front();
  const std::size_t rows = samples * rows_per_sample();
  dataset_->extend(written + rows);
  dataset_->write_row_bytes(written, rows, std::span(chunk_).first(pending_bytes_));
  pending_bytes_ = 0;
}

std::vector<std::size_t> chunk_sizes(const std::vector<FieldSpec>& fields,
                                     const StorageOptions& storage, std::size_t samples) {
  std::size_t largest_bytes = 0;
  for (const FieldSpec& field : fields)
    largest_bytes = std::max(largest_bytes, field.sample_bytes());
  const std::size_t chunk_samples = storage.chunk_samples > 0
                                        ? storage.chunk_samples
                                        : suitable_chunk_samples(largest_bytes, samples);
  std::vector<std::size_t> sizes;
  for (const FieldSpec& field : fields) {
    const std::size_t bytes = field.sample_bytes();
    const std::size_t chunk_bytes =
        std::min(chunk_samples * largest_bytes, most_chunk_bytes_of_small_fields);
    const bool is_small = bytes <= most_bytes_of_small_fields && bytes < largest_bytes;
    const std::size_t chunks = chunk_bytes / (chunk_samples * bytes);
    sizes.push_back(chunk_samples *
                    (is_small ? std::bit_floor(std::max<std::size_t>(1, chunks)) : 1));
  }
  return sizes;
}

}  // namespace rondo::data
