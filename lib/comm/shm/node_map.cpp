// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/shm/node_map.hpp"

#include <algorithm>
#include <utility>

namespace rondo::comm {

std::shared_ptr<const RanksByNode> ranks_by_node(std::span<const int> nodes) {
  auto ranks =
      std::make_shared<RanksByNode>(static_cast<std::size_t>(*std::ranges::max_element(nodes) + 1));
  for (std::size_t rank = 0; rank < nodes.size(); ++rank)
    (*ranks)[static_cast<std::size_t>(nodes[rank])].push_back(static_cast<int>(rank));
  return ranks;
}

NodeMap::NodeMap(std::shared_ptr<const RanksByNode> ranks, int number, int rank)
    : ranks_(std::move(ranks)), number_(number), rank_(local_rank(rank)) {
  carriers_ =
      static_cast<int>(std::ranges::min_element(*ranks_, {}, &std::vector<int>::size)->size());
  if (rank_ >= carriers_) return;
  for (const auto& on_node : *ranks_)
    counterparts_.push_back(on_node[static_cast<std::size_t>(rank_)]);
}

int NodeMap::local_rank(int global) const {
  return static_cast<int>(std::ranges::find(members(), global) - members().begin());
}

}  // namespace rondo::comm
