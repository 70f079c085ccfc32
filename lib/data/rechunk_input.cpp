// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

#include "data/field_writer.hpp"
#include "data/problems.hpp"
#include "data/rechunk_impl.hpp"
#include "data/schema_fields.hpp"
#include "io/chunk_codec.hpp"

namespace rondo::data {
namespace {

/// Pieces of less are not worth the messages about them.
constexpr std::size_t piece_bytes = std::size_t{1} << 20;

/// Rows of a field in any order, out of chunks that are read whole; the last one is kept.
class RowReader {
 public:
  explicit RowReader(const FieldChunks& chunks) : chunks_(chunks) {}

  void read(std::size_t first, std::size_t count, std::span<std::byte> rows) {
    const io::ChunkMap& map = chunks_.map();
    while (count > 0) {
      const std::size_t chunk = first / map.rows_per_chunk();
      const std::size_t offset = first - map.first_row(chunk);
      const std::size_t taken = std::min(count, map.rows_in(chunk) - offset);
      const std::size_t bytes = taken * map.row_bytes();
      if (taken == map.rows_in(chunk))
        chunks_.read(chunk, rows.first(bytes), scratch_);
      else
        std::copy_n(load(chunk).begin() + static_cast<std::ptrdiff_t>(offset * map.row_bytes()),
                    bytes, rows.begin());
      first += taken;
      count -= taken;
      rows = rows.subspan(bytes);
    }
  }

 private:
  std::span<const std::byte> load(std::size_t chunk) {
    const io::ChunkMap& map = chunks_.map();
    const std::size_t bytes = map.rows_in(chunk) * map.row_bytes();
    if (loaded_ != chunk) {
      if (buf_.size() < bytes) buf_ = AlignedBuffer<std::byte>(bytes);
      loaded_.reset();
      chunks_.read(chunk, buf_.span().first(bytes), scratch_);
      loaded_ = chunk;
    }
    return buf_.span().first(bytes);
  }

  const FieldChunks& chunks_;
  io::ChunkScratch scratch_;
  AlignedBuffer<std::byte> buf_;
  std::optional<std::size_t> loaded_;
};

}  // namespace

std::vector<io::Filter> filters_of(const RechunkedField& field) {
  std::vector<io::Filter> filters;
  if (field.shuffle) filters.push_back({io::Filter::Kind::shuffle, size_of(field.source.dtype)});
  if (field.deflate_level > 0) filters.push_back({io::Filter::Kind::deflate});
  filters.push_back({io::Filter::Kind::checksum});
  return filters;
}

RechunkInput::Impl::Impl(const std::filesystem::path& from, const RechunkOptions& given)
    : path(from), options(given), file(io::Hdf5File::open(from)) {
  Problems problems(path.string());
  for (const std::string& name : schema::split_names(file, options.field_map)) {
    auto split = schema::read_headers(file, name, {.required = {}, .field_map = options.field_map},
                                      problems);
    problems.throw_if_any();
    add_split(std::move(split));
  }
  problems.add_unless(!fields.empty(), "expected groups of fields (train, test), found none");
  problems.throw_if_any();
}

void RechunkInput::Impl::add_split(schema::Split split) {
  const std::vector<FieldSpec> specs(split.info.fields.begin(), split.info.fields.end());
  const auto sizes =
      chunk_sizes(specs, {.chunk_samples = options.chunk_samples}, split.info.samples);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const FieldInfo& source = split.info.fields[i];
    const io::Hdf5Dataset& dataset = split.datasets[i];
    RechunkedField field;
    field.split = split.info.split;
    field.source = source;
    field.path = split.info.split + "/" + source.name;
    field.shape = dataset.shape();
    field.chunk_rows =
        std::min(sizes[i] * schema::rows_per_sample(source), dataset.shape().front());
    field.shuffle = options.shuffle.value_or(dataset.storage().shuffle);
    field.deflate_level = options.deflate_level.value_or(dataset.storage().deflate_level);
    chunks.emplace_back(source, std::move(split.datasets[i]));
    chunks_of.push_back(&chunks.back());
    field.row_bytes = chunks.back().map().row_bytes();
    fields.push_back(std::move(field));
    cut_pieces(fields.size() - 1);
  }
}

void RechunkInput::Impl::cut_pieces(std::size_t index) {
  const RechunkedField& field = fields[index];
  const std::size_t rows = std::max(chunks_of[index]->map().rows_per_chunk(),
                                    std::max<std::size_t>(1, piece_bytes / field.row_bytes));
  const std::size_t together =
      std::clamp<std::size_t>(rows / field.chunk_rows, 1, most_chunks_together);
  for (std::size_t first = 0; first < field.chunk_count(); first += together)
    pieces.push_back({index, first, std::min(together, field.chunk_count() - first)});
}

RechunkInput::RechunkInput(const std::filesystem::path& file, const RechunkOptions& options)
    : impl_(std::make_unique<Impl>(file, options)) {}

RechunkInput::~RechunkInput() = default;

const std::vector<RechunkedField>& RechunkInput::fields() const noexcept {
  return impl_->fields;
}

const std::vector<RechunkInput::Piece>& RechunkInput::pieces() const noexcept {
  return impl_->pieces;
}

std::vector<EncodedChunk> RechunkInput::encode(const Piece& piece) const {
  const RechunkedField& field = impl_->fields.at(piece.field);
  const std::vector<io::Filter> filters = filters_of(field);
  RowReader reader(*impl_->chunks_of[piece.field]);
  std::vector<EncodedChunk> encoded;
  AlignedBuffer<std::byte> buf(field.chunk_rows * field.row_bytes);
  for (std::size_t chunk = piece.first_chunk; chunk < piece.first_chunk + piece.chunk_count;
       ++chunk) {
    const std::size_t first = chunk * field.chunk_rows;
    const std::size_t count = std::min(field.chunk_rows, field.shape.front() - first);
    const auto rows = buf.span().first(count * field.row_bytes);
    reader.read(first, count, rows);
    // HDF5 stores chunks in full size.
    std::fill(buf.span().begin() + static_cast<std::ptrdiff_t>(rows.size()), buf.span().end(),
              std::byte{});
    encoded.push_back({piece.field, chunk, content_hash(rows),
                       io::encode_chunk(filters, std::max(1, field.deflate_level), buf.span())});
  }
  return encoded;
}

}  // namespace rondo::data
