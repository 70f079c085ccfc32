// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rondo/data/fields.hpp"

/// A data set written anew in other chunks, by any number of processes at once: each encodes chunks
/// (RechunkInput), one gives them their places (RechunkOutput), each writes its own there.
namespace rondo::data {

struct RechunkOptions {
  FieldMap field_map = {};             ///< not empty: the file need not be one of Rondo's
  std::size_t chunk_samples = 0;       ///< 0: suitable_chunk_samples of the largest field
  std::optional<int> deflate_level{};  ///< 0: none; unset: as each field has it
  std::optional<bool> shuffle{};       ///< unset: as each field has it
};

/// A field of the output; rows are samples, or tokens of a stream.
struct RechunkedField {
  std::string split;
  FieldInfo source;
  std::string path;  ///< of its dataset in the output
  Shape shape;       ///< (rows, ...)
  std::size_t chunk_rows = 0;
  std::size_t row_bytes = 0;
  bool shuffle = false;
  int deflate_level = 0;

  std::size_t chunk_count() const noexcept { return (shape.front() - 1) / chunk_rows + 1; }
};

/// A chunk of the output.
struct EncodedChunk {
  std::size_t field = 0;
  std::size_t chunk = 0;
  std::uint64_t hash = 0;  ///< content hash of its rows
  std::vector<std::byte> stored;
};

/// The file that is read, and what its output will be. All functions may be called from any thread.
class RechunkInput {
 public:
  /// \throws IoError  as Dataset
  RechunkInput(const std::filesystem::path& file, const RechunkOptions& options);
  ~RechunkInput();
  RechunkInput(const RechunkInput&) = delete;
  RechunkInput& operator=(const RechunkInput&) = delete;

  const std::vector<RechunkedField>& fields() const noexcept;

  /// Chunks of the output that are best made together, because they come from the same of the
  /// input's: at most most_chunks_together.
  struct Piece {
    std::size_t field = 0;
    std::size_t first_chunk = 0, chunk_count = 0;
  };
  const std::vector<Piece>& pieces() const noexcept;
  static constexpr std::size_t most_chunks_together = 256;

  /// \throws IoError  as io::ChunkFile::read
  std::vector<EncodedChunk> encode(const Piece& piece) const;

 private:
  friend class RechunkOutput;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The file that is written; one process has it.
class RechunkOutput {
 public:
  /// `input` must outlive this; `temporary` is an existing empty file, `shown` its name in
  /// messages. \throws IoError  cannot_create
  RechunkOutput(const RechunkInput& input, const std::filesystem::path& temporary,
                const std::filesystem::path& shown);
  ~RechunkOutput();
  RechunkOutput(const RechunkOutput&) = delete;
  RechunkOutput& operator=(const RechunkOutput&) = delete;

  /// Makes room for a chunk, once for each, and returns its offset in the file.
  std::uint64_t reserve(std::size_t field, std::size_t chunk, std::size_t stored_bytes);

  /// Copies the attributes and closes the file; returns which are left out and why, a clause each.
  /// A file that is not one of Rondo's gets what makes it one. \throws IoError  io
  std::vector<std::string> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The chunks of an output that is finished, read back.
class RechunkCheck {
 public:
  RechunkCheck(const RechunkInput& input, const std::filesystem::path& output);
  ~RechunkCheck();
  RechunkCheck(const RechunkCheck&) = delete;
  RechunkCheck& operator=(const RechunkCheck&) = delete;

  /// The content hash of the rows of a chunk. Thread-safe. \throws IoError  as io::ChunkFile::read
  std::uint64_t hash(std::size_t field, std::size_t chunk) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo::data
