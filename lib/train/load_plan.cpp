// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/load_plan.hpp"

#include <algorithm>
#include <numeric>

namespace rondo::train {
namespace {

/// Small checkpoints are spread over the readers, too.
constexpr std::size_t least_pieces = 4;

}  // namespace

LoadPlan::LoadPlan(std::span<const std::size_t> tensors, const Options& options)
    : readers_(options.readers) {
  const std::size_t all = std::accumulate(tensors.begin(), tensors.end(), std::size_t{0});
  const std::size_t shares = least_pieces * static_cast<std::size_t>(readers_);
  const std::size_t share_elements =
      std::clamp<std::size_t>(all / shares, 1, options.share_elements);
  for (std::size_t tensor = 0; tensor < tensors.size(); ++tensor) {
    const std::size_t block =
        options.block_elements == 0 ? tensors[tensor] : options.block_elements;
    for (std::size_t first = 0; first < tensors[tensor]; first += block)
      append({.tensor = tensor, .first = first, .count = std::min(block, tensors[tensor] - first)},
             share_elements);
  }
}

void LoadPlan::append(const Segment& block, std::size_t share_elements) {
  if (shares_.empty() || last_share_ + block.count > share_elements) {
    shares_.emplace_back();
    last_share_ = 0;
  }
  std::vector<Segment>& share = shares_.back();
  if (!share.empty() && share.back().tensor == block.tensor)
    share.back().count += block.count;
  else
    share.push_back({block.tensor, block.first, block.count, last_share_});
  last_share_ += block.count;
  longest_share_ = std::max(longest_share_, last_share_);
}

std::size_t LoadPlan::pieces() const noexcept {
  const auto readers = static_cast<std::size_t>(readers_);
  return (shares_.size() + readers - 1) / readers;
}

std::span<const Segment> LoadPlan::share(std::size_t piece, int reader) const {
  const auto readers = static_cast<std::size_t>(readers_);
  const auto number = static_cast<std::size_t>(reader);
  const std::size_t begin = shares_.size() * number / readers;
  const std::size_t end = shares_.size() * (number + 1) / readers;
  if (piece >= end - begin) return {};
  return shares_[begin + piece];
}

}  // namespace rondo::train
