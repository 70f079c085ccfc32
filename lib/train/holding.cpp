// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/holding.hpp"

#include <algorithm>
#include <utility>

namespace rondo::train {
namespace {

/// The runs of a range of whole blocks that lies at `local` in what the rank holds.
Part part_of(const grad::Layout& layout, grad::ElementRange range, std::size_t local) {
  Part part{.range = range, .local = local, .runs = {}};
  const auto [first, last] = layout.pieces_in(range);
  for (std::size_t i = first; i < last; ++i) {
    const grad::Piece& piece = layout.pieces()[i];
    if (part.runs.empty() || part.runs.back().parameter != piece.parameter)
      part.runs.push_back({.parameter = piece.parameter,
                           .range = {piece.range.begin, piece.range.begin},
                           .pieces = {i, i},
                           .local = local + piece.range.begin - range.begin});
    part.runs.back().range.end = piece.range.end;
    part.runs.back().pieces.end = i + 1;
  }
  return part;
}

}  // namespace

Holding Holding::everything(const grad::Layout& layout) {
  Holding holding;
  holding.elements_ = layout.elements();
  holding.parts_.push_back(part_of(layout, {0, layout.elements()}, 0));
  return holding;
}

Holding Holding::shards(const grad::Layout& layout, int rank) {
  Holding holding;
  holding.elements_ = layout.shard_elements();
  for (const grad::ElementRange bucket : layout.buckets())
    holding.parts_.push_back(
        part_of(layout, layout.shard(bucket, rank), layout.shard_offset(bucket)));
  return holding;
}

std::vector<Part> Holding::tiles(const grad::Layout& layout, std::size_t elements) const {
  std::vector<Part> tiles;
  for (const Part& part : parts_) {
    for (std::size_t begin = part.range.begin; begin < part.range.end; begin += elements)
      tiles.push_back(part_of(layout, {begin, std::min(begin + elements, part.range.end)},
                              part.local + begin - part.range.begin));
  }
  return tiles;
}

}  // namespace rondo::train
