// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/lane_tree.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

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

void add_to(std::span<float> sum, std::span<const float> values) {
  for (std::size_t i = 0; i < sum.size(); ++i)
    sum[i] += values[i];
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

void LaneTreeSum::add(std::size_t lane, std::span<const float> values) {
  const std::size_t next = used_ == 0 ? lane : partials_[used_ - 1].lanes.end;
  if (lane != next || lane >= lanes_)
    throw UsageError(
        fmt::format("lane {} of {} added out of order: {} comes next", lane, lanes_, next));
  if (values.size() != count_)
    throw UsageError(
        fmt::format("lane {} has {} values, the sum has {}", lane, values.size(), count_));

  const LaneRange leaf{lane, lane + 1};
  if (used_ > 0 && are_siblings(partials_[used_ - 1].lanes, leaf)) {
    add_to(partials_[used_ - 1].sum.span(), values);
    partials_[used_ - 1].lanes.end = leaf.end;
  } else {
    push(leaf, values);
  }
  while (used_ > 1 && are_siblings(partials_[used_ - 2].lanes, partials_[used_ - 1].lanes))
    merge_last_two();
}

bool LaneTreeSum::are_siblings(LaneRange left, LaneRange right) const {
  return covering_nodes({left.begin, right.end}, lanes_).size() == 1;
}

void LaneTreeSum::merge_last_two() {
  Partial& left = partials_[used_ - 2];
  const Partial& right = partials_[used_ - 1];
  add_to(left.sum.span(), right.sum.span());
  left.lanes.end = right.lanes.end;
  --used_;
}

void LaneTreeSum::push(LaneRange leaf, std::span<const float> values) {
  if (used_ == partials_.size()) partials_.push_back({{}, AlignedBuffer<float>(count_)});
  Partial& partial = partials_[used_++];
  partial.lanes = leaf;
  std::ranges::copy(values, partial.sum.data());
}

std::vector<LaneNode> LaneTreeSum::nodes() const {
  std::vector<LaneNode> nodes;
  for (std::size_t i = 0; i < used_; ++i)
    nodes.push_back({partials_[i].lanes, partials_[i].sum.span()});
  return nodes;
}

}  // namespace rondo::comm
