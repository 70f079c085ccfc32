// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/collective_chunks.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::data {

CollectiveChunks::CollectiveChunks(CollectiveFile& file, CollectiveRounds rounds)
    : file_(file), rounds_(std::move(rounds)) {}

std::size_t CollectiveChunks::add_field(const io::ChunkMap& map) {
  fields_.push_back(&map);
  return fields_.size() - 1;
}

void CollectiveChunks::read_step(std::size_t epoch, std::size_t step,
                                 std::span<const std::uint64_t> chunks) {
  const std::size_t rounds = rounds_.before(epoch, step);
  if (rounds == 0 || fields_.empty()) return;
  Buffers buffers;
  // Also brings the ranks together within the communicator's time limit, which reading lacks.
  file_.agree_on_success([&] { buffers = make_buffers(chunks); });
  read_all(std::move(buffers), chunks, rounds);
}

void CollectiveChunks::fail(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  error_ = std::move(error);
  changed_.notify_all();
}

CollectiveChunks::Buffers CollectiveChunks::make_buffers(std::span<const std::uint64_t> chunks) {
  Buffers buffers;
  std::size_t bytes = 0;
  for (std::size_t field = 0; field < fields_.size(); ++field)
    for (const std::uint64_t chunk : chunks) {
      const std::size_t stored_bytes = fields_[field]->place(chunk).stored_bytes;
      buffers.emplace(Key(field, chunk), AlignedBuffer<std::byte>(stored_bytes));
      bytes += stored_bytes;
    }
  const std::lock_guard lock(mutex_);
  most_bytes_ = std::max(most_bytes_, bytes);
  return buffers;
}

void CollectiveChunks::read_all(Buffers buffers, std::span<const std::uint64_t> chunks,
                                std::size_t rounds) {
  std::exception_ptr error;
  const auto read_own = [&](std::size_t field, std::uint64_t chunk) {
    auto buffer = buffers.extract(Key(field, chunk));
    file_.read(fields_[field]->place(chunk).offset, buffer.mapped().span());
    const std::lock_guard lock(mutex_);
    buffers_.insert(std::move(buffer));
    changed_.notify_all();
  };
  for (std::size_t round = 0; round < rounds; ++round)
    for (std::size_t field = 0; field < fields_.size(); ++field) {
      try {
        if (round < chunks.size())
          read_own(field, chunks[round]);
        else
          file_.read(0, {});
      } catch (const IoError&) {
        if (!error) error = std::current_exception();
      }
    }
  file_.agree_on_success([&] {
    if (error) std::rethrow_exception(error);
    require_whole(chunks);
  });
}

void CollectiveChunks::require_whole(std::span<const std::uint64_t> chunks) {
  if (chunks.empty()) return;
  const std::uint64_t size = file_.size();
  for (const io::ChunkMap* map : fields_)
    for (const std::uint64_t chunk : chunks) {
      const io::ChunkPlace& place = map->place(chunk);
      const std::uint64_t end = place.offset + place.stored_bytes;
      const std::size_t first = map->first_row(chunk);
      if (end > size)
        throw IoError(ExitCode::bad_content,
                      fmt::format("{}: {}: chunk {} (samples {} to {}) is truncated: it ends at "
                                  "byte {}, the file at byte {}",
                                  map->path(), map->name(), chunk, first,
                                  first + map->rows_in(chunk) - 1, end, size));
    }
}

AlignedBuffer<std::byte> CollectiveChunks::take(std::size_t field, std::uint64_t chunk) {
  std::unique_lock lock(mutex_);
  const Key key(field, chunk);
  changed_.wait(lock, [&] { return error_ || buffers_.contains(key); });
  if (error_) std::rethrow_exception(error_);
  return std::move(buffers_.extract(key).mapped());
}

std::size_t CollectiveChunks::bytes() const {
  const std::lock_guard lock(mutex_);
  return most_bytes_;
}

}  // namespace rondo::data
