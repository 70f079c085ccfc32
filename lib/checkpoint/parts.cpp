// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/parts.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

namespace rondo::checkpoint {
namespace {

/// Bytes of a tensor, from its first one on, that one writer has of one block.
struct Segment {
  Extent extent;
  std::uint64_t hash = 0;
};

/// The piece, in bytes of its tensor, cut where blocks begin.
std::vector<Extent> cut(const PieceRange& piece) {
  const std::uint64_t end = sizeof(float) * (piece.first + piece.count);
  std::vector<Extent> extents;
  for (std::uint64_t begin = sizeof(float) * piece.first; begin < end;) {
    const std::uint64_t next = std::min(end, (begin / block_bytes + 1) * block_bytes);
    extents.push_back({begin, next - begin});
    begin = next;
  }
  return extents;
}

void require_within(const PieceRange& piece, const StateLayout& layout) {
  require(piece.tensor < layout.extents.size(), "checkpoint::save: a piece of no tensor");
  const std::uint64_t elements = layout.extents[piece.tensor].bytes / sizeof(float);
  require(piece.first <= elements && piece.count <= elements - piece.first,
          "checkpoint::save: a piece reaches over its tensor's end");
}

/// The segments of each tensor, in order.
std::vector<std::vector<Segment>> segments_of(const StateLayout& layout,
                                              std::span<const Part> parts) {
  std::vector<std::vector<Segment>> segments(layout.extents.size());
  for (const Part& part : parts) {
    std::size_t hash = 0;
    for (const PieceRange& piece : part.pieces) {
      require_within(piece, layout);
      for (const Extent& extent : cut(piece)) {
        require(hash < part.hashes.size(), "checkpoint::save: a part lacks hashes");
        segments[piece.tensor].push_back({extent, part.hashes[hash++]});
      }
    }
  }
  for (auto& of_tensor : segments)
    std::sort(of_tensor.begin(), of_tensor.end(),
              [](const Segment& a, const Segment& b) { return a.extent.offset < b.extent.offset; });
  return segments;
}

void require_each_once(std::span<const Segment> segments, std::uint64_t bytes,
                       const TensorSpec& tensor) {
  std::uint64_t end = 0;
  std::size_t fitting = 0;
  while (fitting < segments.size() && segments[fitting].extent.offset == end)
    end = segments[fitting++].extent.end();
  if (fitting < segments.size() || end != bytes)
    throw UsageError(
        fmt::format("tensor '{}': the writers' pieces must hold each element exactly "
                    "once; they do not from element {} on",
                    tensor.name, end / sizeof(float)));
}

/// Of a block that the segments make up, in the tensor that begins at `offset` in the file.
std::uint64_t hash_of_block(const FileBytes& file, std::uint64_t offset,
                            std::span<const Segment> segments) {
  if (segments.size() == 1) return segments.front().hash;
  const std::uint64_t begin = segments.front().extent.offset;
  std::vector<std::byte> bytes(segments.back().extent.end() - begin);
  file.read(offset + begin, bytes);
  for (const auto& [extent, hash] : segments)
    if (content_hash(std::span(bytes).subspan(extent.offset - begin, extent.bytes)) != hash)
      throw IoError(ExitCode::io,
                    fmt::format("{}: what was just written at byte {} reads back otherwise",
                                file.path().string(), offset + extent.offset));
  return content_hash(bytes);
}

StoredTensor stored_tensor(const FileBytes& file, const Extent& extent,
                           std::span<const Segment> segments) {
  StoredTensor stored{extent, {}};
  while (!segments.empty()) {
    const std::uint64_t block = segments.front().extent.offset / block_bytes;
    const auto next = std::ranges::find_if(segments, [&](const Segment& segment) {
      return segment.extent.offset / block_bytes != block;
    });
    const auto count = static_cast<std::size_t>(next - segments.begin());
    stored.block_hashes.push_back(hash_of_block(file, extent.offset, segments.first(count)));
    segments = segments.subspan(count);
  }
  return stored;
}

}  // namespace

std::size_t elements_in(std::span<const Piece> pieces) {
  std::size_t elements = 0;
  for (const Piece& piece : pieces)
    elements += piece.elements.size();
  return elements;
}

Part write_pieces(StateWriter& writer, const StateLayout& layout, std::span<const Piece> pieces) {
  Part part;
  for (const Piece& piece : pieces) {
    part.pieces.push_back({piece.tensor, piece.first, piece.elements.size()});
    require_within(part.pieces.back(), layout);
    const auto bytes = std::as_bytes(piece.elements);
    const std::uint64_t begin = sizeof(float) * piece.first;
    for (const Extent& extent : cut(part.pieces.back()))
      part.hashes.push_back(writer.write(layout.extents[piece.tensor].offset + extent.offset,
                                         bytes.subspan(extent.offset - begin, extent.bytes)));
  }
  return part;
}

std::vector<StoredTensor> put_together(const FileBytes& file, const StateLayout& layout,
                                       std::span<const TensorSpec> tensors,
                                       std::span<const Part> parts) {
  const auto segments = segments_of(layout, parts);
  for (std::size_t i = 0; i < tensors.size(); ++i)
    require_each_once(segments[i], layout.extents[i].bytes, tensors[i]);
  std::vector<StoredTensor> stored;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    stored.push_back(stored_tensor(file, layout.extents[i], segments[i]));
  return stored;
}

}  // namespace rondo::checkpoint
