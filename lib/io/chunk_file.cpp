// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/chunk_file.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "rondo/base/error.hpp"

#include "base/watched_read.hpp"
#include "io/checksum.hpp"

namespace rondo::io {
namespace {

/// Read and summed before the next: little enough that its bytes are still in the cache, and enough
/// that the calls do not count.
constexpr std::size_t tile_bytes = std::size_t{512} << 10;
/// ChunkScratch's buffer that decode_chunk() leaves alone.
constexpr std::size_t stored_buffer = 2;

FileDescriptor open_input(const std::string& path) {
  FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor)
    throw IoError(ExitCode::missing_input,
                  fmt::format("{}: cannot read: {}", path, std::generic_category().message(errno)));
  return descriptor;
}

/// The filter applied last to a chunk, by its number; -1: none.
int last_filter(const ChunkMap& map, const ChunkPlace& place) {
  int i = static_cast<int>(map.filters().size()) - 1;
  while (i >= 0 && (place.skipped_filters >> i & 1U) != 0)
    --i;
  return i;
}

bool is_checksum(const ChunkMap& map, int filter) {
  return filter >= 0 &&
         map.filters()[static_cast<std::size_t>(filter)].kind == Filter::Kind::checksum;
}

}  // namespace

ChunkFile::ChunkFile(const ChunkMap& map)
    : path_(map.path()), identity_(map.file()), descriptor_(open_input(path_)) {
  if (identity_of(descriptor_.get(), path_) != identity_)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: {}: start again with the file as it is now", path_,
                              change_since(identity_, path_)));
}

void ChunkFile::read(const ChunkMap& map, std::size_t chunk, std::span<std::byte> rows,
                     ChunkScratch& scratch) const {
  require(map.is_direct() && map.file() == identity_, "ChunkFile: a map that is not of this file");
  require(chunk < map.chunk_count() && rows.size() == map.rows_in(chunk) * map.row_bytes(),
          "ChunkFile: a buffer that does not match the chunk");
  const WatchedRead watched(descriptor_.get(), map.place(chunk).offset,
                            map.place(chunk).stored_bytes);
  try {
    load(map, chunk, rows, scratch);
    require_unchanged();
  } catch (const IoError& problem) {
    fail(map, chunk, problem);
  }
}

void ChunkFile::read_stored(const ChunkMap& map, std::size_t chunk,
                            std::span<std::byte> bytes) const {
  require(map.is_direct() && map.file() == identity_, "ChunkFile: a map that is not of this file");
  require(chunk < map.chunk_count() && bytes.size() == map.place(chunk).stored_bytes,
          "ChunkFile: a buffer that does not match the chunk");
  const ChunkPlace& place = map.place(chunk);
  const bool has_checksum = is_checksum(map, last_filter(map, place));
  const WatchedRead watched(descriptor_.get(), place.offset, place.stored_bytes);
  try {
    if (has_checksum && bytes.size() < checksum_bytes)
      throw IoError(ExitCode::bad_content, "is too short for its checksum");
    read_checked(place, has_checksum,
                 bytes.first(bytes.size() - (has_checksum ? checksum_bytes : 0)));
    if (has_checksum)
      read_bytes(place.offset + bytes.size() - checksum_bytes, bytes.last<checksum_bytes>());
    require_unchanged();
  } catch (const IoError& problem) {
    fail(map, chunk, problem);
  }
}

void ChunkFile::decode(const ChunkMap& map, std::size_t chunk, std::span<const std::byte> bytes,
                       std::span<std::byte> rows, ChunkScratch& scratch) const {
  try {
    decode_chunk(map.filters(), map.place(chunk).skipped_filters, bytes, map.decoded_bytes(chunk),
                 rows, scratch);
  } catch (const IoError& problem) {
    fail(map, chunk, problem);
  }
}

bool ChunkFile::is_unchanged() const {
  return identity_of(descriptor_.get(), path_) == identity_;
}

/// Another data set that was copied over this one has checksums that fit.
void ChunkFile::require_unchanged() const {
  if (!is_unchanged())
    throw IoError(ExitCode::bad_content, "may be another than it was when the file was opened");
}

void ChunkFile::load(const ChunkMap& map, std::size_t chunk, std::span<std::byte> rows,
                     ChunkScratch& scratch) const {
  const ChunkPlace& place = map.place(chunk);
  const int last = last_filter(map, place);
  const bool has_checksum = is_checksum(map, last);
  std::uint32_t skipped = place.skipped_filters;
  if (has_checksum) skipped |= 1U << last;
  const bool is_plain = (~skipped & ((std::uint64_t{1} << map.filters().size()) - 1)) == 0;
  if (is_plain) return load_plain(place, has_checksum, rows, scratch);

  const std::size_t body_bytes = place.stored_bytes - (has_checksum ? checksum_bytes : 0);
  const auto stored = scratch.buffer(stored_buffer, body_bytes);
  read_checked(place, has_checksum, stored);
  decode_chunk(map.filters(), skipped, stored, map.decoded_bytes(chunk), rows, scratch);
}

void ChunkFile::load_plain(const ChunkPlace& place, bool has_checksum, std::span<std::byte> rows,
                           ChunkScratch& scratch) const {
  const std::size_t body_bytes = place.stored_bytes - (has_checksum ? checksum_bytes : 0);
  if (rows.size() == body_bytes || !has_checksum) return read_checked(place, has_checksum, rows);
  // The checksum is also of what pads the last chunk.
  const auto padded = scratch.buffer(stored_buffer, body_bytes);
  read_checked(place, has_checksum, padded);
  std::copy_n(padded.begin(), rows.size(), rows.begin());
}

void ChunkFile::read_checked(const ChunkPlace& place, bool has_checksum,
                             std::span<std::byte> bytes) const {
  if (!has_checksum) return read_bytes(place.offset, bytes);
  Fletcher32 checksum;
  for (std::size_t begin = 0; begin < bytes.size(); begin += tile_bytes) {
    const auto tile = bytes.subspan(begin, std::min(tile_bytes, bytes.size() - begin));
    read_bytes(place.offset + begin, tile);
    checksum.add(tile);
  }
  std::array<std::byte, checksum_bytes> stored{};
  read_bytes(place.offset + bytes.size(), stored);
  require_checksum(checksum.value(), stored);
}

void ChunkFile::read_bytes(std::uint64_t offset, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pread(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      throw IoError(ExitCode::io,
                    fmt::format("cannot be read: {}", std::generic_category().message(errno)));
    if (count == 0)
      throw IoError(ExitCode::bad_content,
                    fmt::format("is truncated: the file ends at byte {}, {} bytes early", offset,
                                bytes.size()));
    bytes_read_.fetch_add(static_cast<std::uint64_t>(count), std::memory_order_relaxed);
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void ChunkFile::fail(const ChunkMap& map, std::size_t chunk, const IoError& problem) const {
  const std::size_t first = map.first_row(chunk);
  const std::string change = change_since(identity_, path_);
  throw IoError(problem.code(),
                fmt::format("{}: {}: chunk {} (samples {} to {}) {}{}", path_, map.name(), chunk,
                            first, first + map.rows_in(chunk) - 1, problem.what(),
                            change.empty() ? "" : "; " + change));
}

}  // namespace rondo::io
