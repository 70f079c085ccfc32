// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/storage_report.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/error.hpp"

#include "data/field_chunks.hpp"
#include "data/problems.hpp"
#include "data/schema.hpp"
#include "io/chunk_codec.hpp"

namespace rondo::data {
namespace {

constexpr std::size_t most_tried_chunks = 8;
constexpr std::size_t most_tried_bytes = std::size_t{4} << 20;  ///< of each

FieldStorage describe_storage(const FieldChunks& chunks) {
  FieldStorage storage{.field = chunks.info(),
                       .is_chunked = !chunks.storage().chunk.empty(),
                       .shuffle = chunks.storage().shuffle,
                       .deflate_level = chunks.storage().deflate_level,
                       .obstacle = chunks.obstacle(),
                       .chunk_bytes = {}};
  for (std::size_t chunk = 0; chunk < chunks.map().chunk_count(); ++chunk)
    storage.chunk_bytes.push_back(chunks.stored_bytes(chunk));
  return storage;
}

}  // namespace

std::vector<FieldStorage> field_storage(const std::filesystem::path& file, const std::string& split,
                                        const FieldMap& map) {
  const io::Hdf5File input = io::Hdf5File::open(file);
  Problems problems(file.string());
  auto headers = schema::read_headers(input, split, {.required = {}, .field_map = map}, problems);
  problems.throw_if_any();
  std::vector<FieldStorage> fields;
  for (std::size_t i = 0; i < headers.datasets.size(); ++i)
    fields.push_back(
        describe_storage(FieldChunks(headers.info.fields[i], std::move(headers.datasets[i]))));
  return fields;
}

double compressed_share(const std::filesystem::path& file, const FieldInfo& field, int level) {
  const FieldChunks chunks(field, io::Hdf5File::open(file).dataset(field.path));
  const io::ChunkMap& map = chunks.map();
  const std::array filters{io::Filter{io::Filter::Kind::shuffle, size_of(field.dtype)},
                           io::Filter{io::Filter::Kind::deflate}};
  const std::size_t tried = std::min(map.chunk_count(), most_tried_chunks);
  std::size_t bytes_in = 0, bytes_out = 0;
  io::ChunkScratch scratch;
  for (std::size_t i = 0; i < tried; ++i) {
    const std::size_t chunk = i * map.chunk_count() / tried;
    AlignedBuffer<std::byte> rows(map.rows_in(chunk) * map.row_bytes());
    chunks.read(chunk, rows.span(), scratch);
    const auto part = rows.span().first(std::min(rows.size(), most_tried_bytes));
    bytes_in += part.size();
    bytes_out += io::encode_chunk(filters, level, part).size();
  }
  return bytes_in == 0 ? 1 : static_cast<double>(bytes_out) / static_cast<double>(bytes_in);
}

EpochReads planned_reads(const LaneSampler& sampler, std::size_t first_lane, std::size_t last_lane,
                         std::size_t epoch, std::span<const std::uint64_t> chunk_bytes) {
  require(first_lane <= last_lane && last_lane <= sampler.lanes(),
          "planned_reads: lanes must be a range within the sampler's");
  require(chunk_bytes.size() == sampler.chunk_count(), "planned_reads: the size of every chunk");
  std::vector<std::uint64_t> needed;
  for (std::size_t lane = first_lane; lane < last_lane; ++lane)
    for (std::size_t i = 0; i < sampler.group_count(epoch, lane); ++i) {
      const LaneSampler::Group group = sampler.group(epoch, lane, i);
      needed.insert(needed.end(), group.chunks.begin(), group.chunks.end());
    }
  std::sort(needed.begin(), needed.end());
  needed.erase(std::unique(needed.begin(), needed.end()), needed.end());
  EpochReads reads;
  reads.chunks = needed.size();
  for (const std::uint64_t chunk : needed)
    reads.bytes += chunk_bytes[chunk];
  return reads;
}

}  // namespace rondo::data
