// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/lane_tree.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "comm/kernels/reduce.hpp"
#include "comm/lane_tree_split.hpp"

namespace rondo::comm {
namespace {

void append_covering(LaneRange node, LaneRange range, std::vector<LaneRange>& nodes) {
  if (node.end <= range.begin || range.end <= node.begin) return;
  if (range.begin <= node.begin && node.end <= range.end) {
    nodes.push_back(node);
    return;
  }
  const std::size_t middle = split_of(node);
  append_covering({node.begin, middle}, range, nodes);
  append_covering({middle, node.end}, range, nodes);
}

/// Whether `range`, which is not empty, is a node.
bool is_node(LaneRange range, std::size_t lanes) {
  LaneRange node{0, lanes};
  while (node != range) {
    const std::size_t middle = split_of(node);
    if (range.end <= middle)
      node.end = middle;
    else if (range.begin >= middle)
      node.begin = middle;
    else
      return false;
  }
  return true;
}

}  // namespace

LaneRange lane_range(int rank, int ranks, std::size_t lanes) {
  if (rank < 0 || rank >= ranks)
    throw UsageError(fmt::format("lane_range: rank {} is not one of {} ranks", rank, ranks));
  const auto r = static_cast<std::size_t>(rank);
  const auto p = static_cast<std::size_t>(ranks);
  return {r * lanes / p, (r + 1) * lanes / p};
}

std::vector<LaneRange> covering_nodes(LaneRange range, std::size_t lanes) {
  std::vector<LaneRange> nodes;
  if (range.begin < range.end) append_covering({0, lanes}, range, nodes);
  return nodes;
}

std::size_t most_partials(LaneRange range, std::size_t lanes) {
  std::size_t most = 0;
  for (std::size_t end = range.begin + 1; end <= range.end; ++end)
    most = std::max(most, covering_nodes({range.begin, end}, lanes).size());
  return most;
}

/// How many of the last nodes are in the largest one that `lane` completes.
std::size_t LaneCounter::merged_by(std::size_t lane) const {
  const std::size_t next = nodes_.empty() ? lane : nodes_.back().end;
  if (lane != next || lane >= lanes_)
    throw UsageError(
        fmt::format("lane {} of {} added out of order: {} comes next", lane, lanes_, next));
  std::size_t merged = 0;
  while (merged < nodes_.size()) {
    const LaneRange left = nodes_[nodes_.size() - merged - 1];
    if (!is_node({left.begin, lane + 1}, lanes_)) break;
    ++merged;
  }
  return merged;
}

void LaneCounter::take(std::size_t lane, std::size_t merged) {
  const std::size_t begin = merged == 0 ? lane : nodes_[nodes_.size() - merged].begin;
  nodes_.resize(nodes_.size() - merged);
  nodes_.push_back({begin, lane + 1});
}

LaneTreeSum::LaneTreeSum(std::size_t lanes, std::size_t count,
                         std::vector<std::span<float>> buffers)
    : counter_(lanes), count_(count), owns_memory_(false), buffers_(std::move(buffers)) {
  for (const auto buffer : buffers_) {
    if (buffer.size() != count)
      throw UsageError(
          fmt::format("a buffer has {} values, the sums have {}", buffer.size(), count));
  }
}

void LaneTreeSum::add(std::size_t lane, std::span<const float> values) {
  const std::size_t merged = merged_by(lane, values);
  if (merged == 0) {
    sums_.push_back(next_buffer());
    std::ranges::copy(values, sums_.back().begin());
  } else {
    const std::size_t kept = sums_.size() - merged;
    merge(values, std::span(sums_).subspan(kept), sums_[kept]);
    sums_.resize(kept + 1);
  }
  counter_.take(lane, merged);
}

void LaneTreeSum::add_last(std::size_t lane, std::span<float> values) {
  const std::size_t merged = merged_by(lane, values);
  if (merged > 0) merge(values, std::span(sums_).last(merged), values);
  sums_.resize(sums_.size() - merged);
  sums_.push_back(values);
  counter_.take(lane, merged);
  has_last_ = true;
}

std::size_t LaneTreeSum::merged_by(std::size_t lane, std::span<const float> values) const {
  require(!has_last_, "a lane after the last one: add_last() ends the sum, clear() begins another");
  const std::size_t merged = counter_.merged_by(lane);
  if (values.size() != count_)
    throw UsageError(
        fmt::format("lane {} has {} values, the sum has {}", lane, values.size(), count_));
  return merged;
}

/// Adds the last sibling to `values`, the one before to that, and so on: a sum of two has the same
/// bits either way round.
void LaneTreeSum::merge(std::span<const float> values, std::span<const std::span<float>> siblings,
                        std::span<float> sum) {
  std::vector<const std::byte*> inputs{std::as_bytes(values).data()};
  for (std::size_t k = siblings.size(); k-- > 0;)
    inputs.push_back(std::as_bytes(siblings[k]).data());
  std::byte* const output = std::as_writable_bytes(sum).data();
  reduce_all(DType::f32, ReduceOp::sum, 1, inputs, std::span(&output, 1), sum.size_bytes(),
             Stores::cached);
}

std::span<float> LaneTreeSum::next_buffer() {
  const std::size_t used = sums_.size();
  if (used == buffers_.size()) {
    if (!owns_memory_)
      throw UsageError(
          fmt::format("{} buffers are too few for these lanes: most_partials() says how many they "
                      "need",
                      buffers_.size()));
    memory_.emplace_back(count_);
    buffers_.push_back(memory_.back().span());
  }
  return buffers_[used];
}

std::vector<LaneNode> LaneTreeSum::nodes() const {
  std::vector<LaneNode> nodes;
  for (std::size_t k = 0; k < sums_.size(); ++k)
    nodes.push_back({counter_.nodes()[k], sums_[k]});
  return nodes;
}

void LaneTreeSum::clear() noexcept {
  counter_.clear();
  sums_.clear();
  has_last_ = false;
}

}  // namespace rondo::comm
