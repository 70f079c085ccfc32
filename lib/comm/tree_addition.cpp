// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/tree_addition.hpp"

#include <algorithm>

#include "comm/lane_tree_split.hpp"

namespace rondo::comm {
namespace {

/// A few tiles fit into the nearest cache.
constexpr std::size_t tile_bytes = std::size_t{8} << 10;

void copy_to_all(std::span<const std::byte> sum, std::span<std::byte* const> outputs,
                 Stores stores) {
  for (std::byte* const output : outputs) {
    if (output != sum.data()) copy_bytes(sum, {output, sum.size()}, stores);
  }
}

}  // namespace

RankNodes::RankNodes(int ranks, std::size_t lanes) {
  for (int rank = 0; rank < ranks; ++rank) {
    first_.push_back(nodes_.size());
    const auto nodes = covering_nodes(lane_range(rank, ranks, lanes), lanes);
    nodes_.insert(nodes_.end(), nodes.begin(), nodes.end());
  }
  first_.push_back(nodes_.size());
}

TreeAddition::TreeAddition(std::span<const LaneRange> pieces, std::size_t lanes)
    : piece_count_(pieces.size()) {
  compile(pieces, {0, lanes}, 0);
  if (steps_.size() <= 1) temporaries_ = 0;  // pieces alone, straight into the result
  tiles_ = AlignedBuffer<std::byte>(temporaries_ * tile_bytes);
  places_.resize(piece_count_ + temporaries_);
  for (std::size_t k = 0; k < temporaries_; ++k)
    places_[piece_count_ + k] = tiles_.data() + k * tile_bytes;
}

/// Appends the steps that add up the pieces below `node`, using temporaries from `first_temporary`
/// on, and returns where the sum is.
TreeAddition::Operand TreeAddition::compile(std::span<const LaneRange> pieces, LaneRange node,
                                            std::size_t first_temporary) {
  const auto piece = std::ranges::lower_bound(pieces, node.begin, {}, &LaneRange::begin);
  const auto index = static_cast<std::size_t>(piece - pieces.begin());
  // From the root down, the largest subtree first: then no more temporaries are in use at once than
  // the tree has levels.
  std::vector<Operand> operands;
  std::size_t next_temporary = first_temporary;
  while (*piece != node) {
    const std::size_t middle = split_of(node);
    operands.push_back(compile(pieces, {middle, node.end}, next_temporary));
    if (operands.back() >= piece_count_) ++next_temporary;
    node.end = middle;
  }
  if (operands.empty()) return index;
  operands.push_back(index);
  std::ranges::reverse(operands);
  steps_.push_back({std::move(operands), first_temporary});
  temporaries_ = std::max(temporaries_, first_temporary + 1);
  return piece_count_ + first_temporary;
}

void TreeAddition::add(std::span<const std::byte* const> inputs,
                       std::span<std::byte* const> outputs, std::size_t bytes, Stores stores) {
  if (steps_.empty()) return copy_to_all({inputs.front(), bytes}, outputs, stores);
  std::ranges::copy(inputs, places_.begin());
  results_.assign(outputs.begin(), outputs.end());
  const std::size_t longest = temporaries_ == 0 ? bytes : tile_bytes;
  for (std::size_t begin = 0; begin < bytes; begin += longest) {
    const std::size_t part = std::min(longest, bytes - begin);
    add_tile(results_, part, stores);
    for (std::size_t k = 0; k < piece_count_; ++k)
      places_[k] += part;
    for (std::byte*& result : results_)
      result += part;
  }
}

void TreeAddition::add_tile(std::span<std::byte* const> outputs, std::size_t bytes, Stores stores) {
  for (const Step& step : steps_) {
    list_.clear();
    for (const Operand operand : step.operands)
      list_.push_back(places_[operand]);
    const bool is_last = &step == &steps_.back();
    std::byte* const tile = is_last ? nullptr : tiles_.data() + step.target * tile_bytes;
    reduce_all(DType::f32, ReduceOp::sum, 1, list_, is_last ? outputs : std::span(&tile, 1), bytes,
               is_last ? stores : Stores::cached);
  }
}

}  // namespace rondo::comm
