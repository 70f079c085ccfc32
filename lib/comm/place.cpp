// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/place.hpp"

#include <algorithm>
#include <vector>

namespace rondo::comm {

Place place_in(const Transport& transport) {
  Place place{.rank = transport.rank(), .size = transport.size()};
  const auto nodes = transport.nodes();
  const auto self = nodes.begin() + place.rank;
  place.node = *self;
  place.nodes = *std::ranges::max_element(nodes) + 1;
  place.node_rank = static_cast<int>(std::count(nodes.begin(), self, *self));
  std::vector<int> sizes(static_cast<std::size_t>(place.nodes));
  for (const int node : nodes)
    ++sizes[static_cast<std::size_t>(node)];
  place.node_size = sizes[static_cast<std::size_t>(place.node)];
  place.smallest_node_size = *std::ranges::min_element(sizes);
  return place;
}

Place place_apart_in(const Transport& transport) {
  return {.rank = transport.rank(),
          .size = transport.size(),
          .node = transport.rank(),
          .nodes = transport.size()};
}

}  // namespace rondo::comm
