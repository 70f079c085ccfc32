// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/node_subtrees.hpp"

#include <algorithm>
#include <optional>

#include "comm/lane_tree_split.hpp"

namespace rondo::comm {
namespace {

class Walk {
 public:
  Walk(const RankNodes& pieces, std::span<const int> nodes) : pieces_(pieces.all()) {
    for (std::size_t rank = 0; rank < nodes.size(); ++rank)
      owners_.insert(owners_.end(), pieces.count(static_cast<int>(rank)), nodes[rank]);
    found_.resize(static_cast<std::size_t>(*std::ranges::max_element(nodes)) + 1);
  }

  std::vector<std::vector<Subtree>> all_below(LaneRange root) {
    keep(below(root), {root, 0, pieces_.size()});
    for (auto& subtrees : found_)
      std::ranges::sort(subtrees, {}, [](const Subtree& subtree) { return subtree.first_piece; });
    return std::move(found_);
  }

 private:
  using Owner = std::optional<int>;

  /// Who runs all lanes of `range`, whose first piece is the next one; where nobody does, keeps
  /// the largest subtrees below.
  Owner below(LaneRange range) {
    if (pieces_[next_] == range) return owners_[next_++];
    const LaneRange left{range.begin, split_of(range)};
    const LaneRange right{left.end, range.end};
    const std::size_t first = next_;
    const Owner left_owner = below(left);
    const std::size_t middle = next_;
    const Owner right_owner = below(right);
    if (left_owner == right_owner) return left_owner;
    keep(left_owner, {left, first, middle});
    keep(right_owner, {right, middle, next_});
    return std::nullopt;
  }

  void keep(Owner owner, const Subtree& subtree) {
    if (owner) found_[static_cast<std::size_t>(*owner)].push_back(subtree);
  }

  std::span<const LaneRange> pieces_;
  std::vector<int> owners_;  // by piece
  std::size_t next_ = 0;
  std::vector<std::vector<Subtree>> found_;
};

}  // namespace

std::vector<std::vector<Subtree>> subtrees_of_nodes(const RankNodes& pieces,
                                                    std::span<const int> nodes, std::size_t lanes) {
  return Walk(pieces, nodes).all_below({0, lanes});
}

}  // namespace rondo::comm
