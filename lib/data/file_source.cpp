// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/file_source.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/base/log.hpp"
#include "rondo/data/loader_memory.hpp"

namespace rondo::data {
namespace {

/// All that can be known of a file's chunks without reading them. Not the device: a network file
/// system may have another number each time it is mounted.
StagedChunks::Key key_of(const io::ChunkMap& map, std::uint64_t content) {
  const std::string place =
      fmt::format("{}\n{}", std::filesystem::weakly_canonical(map.path()).string(), map.name());
  const io::FileIdentity& file = map.file();
  ContentHasher state;
  const auto add = [&state](std::initializer_list<std::uint64_t> numbers) {
    state.add(std::as_bytes(std::span(numbers.begin(), numbers.size())));
  };
  add({content, file.inode, file.bytes, static_cast<std::uint64_t>(file.modified_ns)});
  add({map.row_count(), map.row_bytes(), map.rows_per_chunk()});
  for (const io::Filter& filter : map.filters())
    add({static_cast<std::uint64_t>(filter.kind), filter.element_bytes});
  for (std::size_t chunk = 0; chunk < map.chunk_count(); ++chunk) {
    const io::ChunkPlace& where = map.place(chunk);
    add({where.offset, where.stored_bytes, where.skipped_filters});
  }
  return {.place = content_hash(place), .state = state.value()};
}

bool fits_requests(const io::ChunkMap& map) {
  for (std::size_t chunk = 0; chunk < map.chunk_count(); ++chunk)
    if (map.place(chunk).stored_bytes > CollectiveFile::most_bytes) return false;
  return true;
}

std::size_t rows_per_sample(const FieldInfo& field) {
  return field.is_stream ? field.sample_elements() : 1;
}

}  // namespace

FileSource::FileSource(std::vector<const FieldReader*> readers, std::size_t chunk_samples,
                       ReadMode mode, std::optional<Staging> staging, CollectiveChunks* together)
    : together_(together),
      chunk_samples_(chunk_samples),
      samples_(readers.front()->info().samples) {
  for (const FieldReader* reader : readers) {
    sample_bytes_.push_back(reader->info().sample_bytes());
    fields_.push_back(open(*reader, mode));
    if (staging) stage(fields_.back(), *staging);
  }
  for (Field& field : fields_)
    if (field.how == How::collective) field.number = together_->add_field(*field.map);
}

FileSource::Field FileSource::open(const FieldReader& reader, ReadMode mode) {
  const FieldInfo& info = reader.info();
  Field field;
  field.reader = &reader;
  if (is_kept_whole(info, chunk_samples_)) {
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
    const bool is_together = mode == ReadMode::collective && fits_requests(*field.map);
    field.how = is_together ? How::collective : How::direct;
    if (!file_) file_ = std::make_unique<io::ChunkFile>(*field.map);
  }
  return field;
}

void FileSource::stage(Field& field, const Staging& staging) {
  if (field.how == How::resident) return;
  const std::string name = fmt::format("{}: {}", field.map->path(), field.map->name());
  if (field.how == How::library)
    return log::warning(
        fmt::format("{} is not staged: it is read through HDF5: {}", name, obstacle_));
  try {
    field.copies =
        std::make_unique<StagedChunks>(staging.options, key_of(*field.map, staging.content), name);
  } catch (const IoError& problem) {
    if (problem.code() == ExitCode::cannot_create) throw;
    log::warning(fmt::format("{} is not staged: {}", name, problem.what()));
  }
}

ReadBytes FileSource::read(std::uint64_t number, ChunkRows& rows) {
  rows.samples = std::min<std::size_t>(chunk_samples_, samples_ - number * chunk_samples_);
  ReadBytes bytes;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const ReadBytes part = read(fields_[i], number, rows.samples,
                                rows.fields[i].span().first(rows.samples * sample_bytes_[i]));
    bytes.file += part.file;
    bytes.staged += part.staged;
  }
  return bytes;
}

ReadBytes FileSource::read(const Field& field, std::uint64_t number, std::size_t samples,
                           std::span<std::byte> rows) {
  const FieldInfo& info = field.reader->info();
  const std::size_t first = number * chunk_samples_;
  switch (field.how) {
    case How::resident:
      std::memcpy(rows.data(), field.all_samples.data() + first * info.sample_bytes(), rows.size());
      return {};
    case How::library:
      field.reader->dataset().read_row_bytes(first * rows_per_sample(info),
                                             samples * rows_per_sample(info), rows);
      return {.file = rows.size()};
    case How::collective:
    case How::direct: break;
  }
  io::ChunkScratch scratch = take_scratch();
  const ReadBytes bytes = field.how == How::direct ? read_direct(field, number, rows, scratch)
                                                   : read_collective(field, number, rows, scratch);
  give_back(std::move(scratch));
  return bytes;
}

ReadBytes FileSource::read_collective(const Field& field, std::uint64_t number,
                                      std::span<std::byte> rows, io::ChunkScratch& scratch) const {
  const AlignedBuffer<std::byte> stored = together_->take(field.number, number);
  file_->decode(*field.map, number, stored.span(), rows, scratch);
  return {.file = stored.size()};
}

ReadBytes FileSource::read_direct(const Field& field, std::uint64_t number,
                                  std::span<std::byte> rows, io::ChunkScratch& scratch) const {
  const std::uint64_t stored_bytes = field.map->place(number).stored_bytes;
  const bool is_unchanged = field.copies && file_->is_unchanged();
  if (field.copies && !is_unchanged) field.copies->stop("the file was changed while it was open");
  if (!is_unchanged) {
    file_->read(*field.map, number, rows, scratch);
    return {.file = stored_bytes};
  }
  constexpr std::size_t stored_buffer = 2;  // which decode() leaves alone
  const auto stored = scratch.buffer(stored_buffer, stored_bytes);
  const bool is_staged = field.copies->read(number, stored);
  if (!is_staged) {
    file_->read_stored(*field.map, number, stored);
    if (file_->is_unchanged()) field.copies->keep(number, stored);
  }
  file_->decode(*field.map, number, stored, rows, scratch);
  return is_staged ? ReadBytes{.staged = stored_bytes} : ReadBytes{.file = stored_bytes};
}

std::size_t FileSource::resident_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const Field& field : fields_)
    bytes += field.all_samples.size();
  return bytes;
}

std::size_t FileSource::scratch_bytes() const {
  const std::lock_guard lock(mutex_);
  std::size_t bytes = together_ == nullptr ? 0 : together_->bytes();
  for (const io::ChunkScratch& scratch : scratch_)
    bytes += scratch.bytes();
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
