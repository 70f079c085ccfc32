// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "rondo/data/batch_loader.hpp"

#include "data/chunk_source.hpp"
#include "data/collective_chunks.hpp"
#include "data/field_reader.hpp"
#include "data/staged_chunks.hpp"
#include "io/chunk_file.hpp"
#include "io/chunk_map.hpp"

namespace rondo::data {

/// Where to keep copies, and a hash of what is known of the samples that are copied.
struct Staging {
  StageOptions options;
  std::uint64_t content = 0;
};

/// The chunks of a split from its file: the field with the largest samples by pread, where its
/// layout allows that, otherwise through HDF5. Small fields are kept in memory as a whole.
class FileSource final : public ChunkSource {
 public:
  /// `readers` of one split must outlive this; chunks are of `chunk_samples` samples.
  /// With ReadMode::collective, fields that could be read directly come through `together`.
  /// With `staging`, copies are kept of the fields that are read directly; where that cannot be, a
  /// warning says so.
  /// \throws IoError  bad_content: an index of chunks that cannot be true; cannot_create: a stage's
  ///                  directory is no good
  FileSource(std::vector<const FieldReader*> readers, std::size_t chunk_samples, ReadMode mode,
             std::optional<Staging> staging = {}, CollectiveChunks* together = nullptr);

  ReadBytes read(std::uint64_t number, ChunkRows& rows) override;
  std::span<const std::size_t> sample_bytes() const noexcept override { return sample_bytes_; }

  /// Why some field is read through HDF5, as a clause; empty if none is.
  const std::string& obstacle() const noexcept { return obstacle_; }
  /// Memory of the fields that are kept as a whole.
  std::size_t resident_bytes() const noexcept;
  /// Memory in which chunks are decoded, of the threads that are not reading just now.
  std::size_t scratch_bytes() const;

 private:
  enum class How { direct, collective, resident, library };

  struct Field {
    const FieldReader* reader = nullptr;
    How how = How::library;
    std::optional<io::ChunkMap> map;       ///< of a direct or collective one
    std::size_t number = 0;                ///< of a collective one
    std::unique_ptr<StagedChunks> copies;  ///< of a direct one, if it is staged
    AlignedBuffer<std::byte> all_samples;  ///< of a resident one
  };

  void stage(Field& field, const Staging& staging);
  Field open(const FieldReader& reader, ReadMode mode);
  ReadBytes read(const Field& field, std::uint64_t number, std::size_t samples,
                 std::span<std::byte> rows);
  ReadBytes read_collective(const Field& field, std::uint64_t number, std::span<std::byte> rows,
                            io::ChunkScratch& scratch) const;
  ReadBytes read_direct(const Field& field, std::uint64_t number, std::span<std::byte> rows,
                        io::ChunkScratch& scratch) const;
  io::ChunkScratch take_scratch();
  void give_back(io::ChunkScratch scratch);

  CollectiveChunks* together_;
  std::size_t chunk_samples_;
  std::size_t samples_;
  std::string obstacle_;
  std::vector<Field> fields_;
  std::unique_ptr<io::ChunkFile> file_;  ///< of the direct and collective ones
  std::vector<std::size_t> sample_bytes_;
  mutable std::mutex mutex_;  ///< of the scratch
  std::vector<io::ChunkScratch> scratch_;
};

}  // namespace rondo::data
