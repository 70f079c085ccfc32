// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "rondo/base/file_descriptor.hpp"

#include "io/chunk_codec.hpp"
#include "io/chunk_map.hpp"

namespace rondo::io {

/// Reads the chunks of a file's datasets without HDF5 and its lock: pread, checksum, inflate.
///
/// All functions may be called from any thread, each with a scratch of its own.
class ChunkFile {
 public:
  /// Opens the file of `map`, which must be the one that the map was made from, unchanged.
  /// \throws IoError  missing_input, or bad_content: replaced or changed since
  explicit ChunkFile(const ChunkMap& map);

  const std::string& path() const noexcept { return path_; }

  /// Reads and decodes chunk number `chunk` of `map` (any direct map of this file) into `rows`, of
  /// map.rows_in(chunk) * map.row_bytes() bytes.
  /// \throws IoError  bad_content, naming file, dataset, chunk and rows, and what failed: a
  ///                  checksum, a truncated file, a zlib stream; and whether the file was changed
  ///                  meanwhile, which by itself is an error too
  void read(const ChunkMap& map, std::size_t chunk, std::span<std::byte> rows,
            ChunkScratch& scratch) const;

  /// Bytes of `map`'s chunk as they are stored, into `bytes`, which map.place(chunk) gives the size
  /// of; not decoded, but its last checksum is checked.
  void read_stored(const ChunkMap& map, std::size_t chunk, std::span<std::byte> bytes) const;

  /// Decodes what read_stored() has put into `bytes`, which must not lie in the scratch's buffers 0
  /// and 1, as read() does.
  void decode(const ChunkMap& map, std::size_t chunk, std::span<const std::byte> bytes,
              std::span<std::byte> rows, ChunkScratch& scratch) const;

  /// Whether the open file is as it was when the map was made; one that was replaced under its name
  /// still is. Costs a system call.
  bool is_unchanged() const;

  /// What read() has read from the file so far.
  std::uint64_t bytes_read() const noexcept { return bytes_read_; }

 private:
  void require_unchanged() const;
  void load(const ChunkMap& map, std::size_t chunk, std::span<std::byte> rows,
            ChunkScratch& scratch) const;
  void load_plain(const ChunkPlace& place, bool has_checksum, std::span<std::byte> rows,
                  ChunkScratch& scratch) const;
  void read_checked(const ChunkPlace& place, bool has_checksum, std::span<std::byte> bytes) const;
  void read_bytes(std::uint64_t offset, std::span<std::byte> bytes) const;
  [[noreturn]] void fail(const ChunkMap& map, std::size_t chunk, const IoError& problem) const;

  std::string path_;
  FileIdentity identity_;
  FileDescriptor descriptor_;
  mutable std::atomic<std::uint64_t> bytes_read_ = 0;
};

}  // namespace rondo::io
