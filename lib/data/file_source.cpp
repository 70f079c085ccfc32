// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/file_source.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace rondo::data {
namespace {

/// Fields up to this size are not worth reading piece by piece.
constexpr std::size_t resident_limit_bytes = std::size_t{16} << 20;

std::size_t rows_per_sample(const FieldInfo& field) {
  return field.is_stream ? field.sample_elements() : 1;
}

}  // namespace

FileSource::FileSource(std::vector<const FieldReader*> readers, std::size_t chunk_samples,
                       ReadMode mode)
    : chunk_samples_(chunk_samples), samples_(readers.front()->info().samples) {
  for (const FieldReader* reader : readers) {
    sample_bytes_.push_back(reader->info().sample_bytes());
    fields_.push_back(open(*reader, mode));
  }
}

FileSource::Field FileSource::open(const FieldReader& reader, ReadMode mode) {
  const FieldInfo& info = reader.info();
  Field field;
  field.reader = &reader;
  if (info.chunk_samples != chunk_samples_ &&
      info.samples * info.sample_bytes() <= resident_limit_bytes) {
    field.how = How::resident;
    field.all_samples = AlignedBuffer<std::byte>(info.samples * info.sample_bytes());
    reader.dataset().read_row_bytes(0, info.samples * rows_per_sample(info),
                                    field.all_samples.span());
    return field;
  }
  if (mode == ReadMode::library) return field;
  const std::size_t chunk_rows = chunk_samples_ * rows_per_sample(info);
  field.map = io::ChunkMap::of(reader.dataset(), chunk_rows);
  if (!field.map->is_direct())
    obstacle_ = fmt::format("{}: {}", info.name, field.map->obstacle());
  else if (field.map->rows_per_chunk() != chunk_rows)
    obstacle_ = fmt::format("{}: its chunks are not those of the largest field", info.name);
  else {
    field.how = How::direct;
    if (!file_) file_ = std::make_unique<io::ChunkFile>(*field.map);
  }
  return field;
}

std::uint64_t FileSource::read(std::uint64_t number, ChunkRows& rows) {
  rows.samples = std::min<std::size_t>(chunk_samples_, samples_ - number * chunk_samples_);
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < fields_.size(); ++i)
    bytes += read(fields_[i], number, rows.samples,
                  rows.fields[i].span().first(rows.samples * sample_bytes_[i]));
  return bytes;
}

std::uint64_t FileSource::read(const Field& field, std::uint64_t number, std::size_t samples,
                               std::span<std::byte> rows) {
  const FieldInfo& info = field.reader->info();
  const std::size_t first = number * chunk_samples_;
  switch (field.how) {
    case How::resident:
      std::memcpy(rows.data(), field.all_samples.data() + first * info.sample_bytes(), rows.size());
      return 0;
    case How::library:
      field.reader->dataset().read_row_bytes(first * rows_per_sample(info),
                                             samples * rows_per_sample(info), rows);
      return rows.size();
    case How::direct: break;
  }
  io::ChunkScratch scratch = take_scratch();
  file_->read(*field.map, number, rows, scratch);
  give_back(std::move(scratch));
  return field.map->place(number).stored_bytes;
}

std::size_t FileSource::resident_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const Field& field : fields_)
    bytes += field.all_samples.size();
  return bytes;
}

io::ChunkScratch FileSource::take_scratch() {
  const std::lock_guard lock(mutex_);
  if (scratch_.empty()) return {};
  io::ChunkScratch scratch = std::move(scratch_.back());
  scratch_.pop_back();
  return scratch;
}

void FileSource::give_back(io::ChunkScratch scratch) {
  const std::lock_guard lock(mutex_);
  scratch_.push_back(std::move(scratch));
}

}  // namespace rondo::data
