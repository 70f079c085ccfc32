// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/algorithms/tree_broadcast.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace rondo::comm {
namespace {

/// A rank's place in the binomial tree below `root`. Counted from the root, rank v has the parent
/// v minus its lowest set bit, and the children v + 2^k for every 2^k below that bit.
struct Place {
  std::optional<int> parent;
  std::vector<int> children;  // those with the largest subtree first
};

Place place_of(int rank, int root, int size) {
  const int relative = (rank - root + size) % size;
  const auto absolute = [&](int r) { return (r + root) % size; };
  Place place;
  int bit = 1;
  while (bit < size && (relative & bit) == 0)
    bit *= 2;
  if (relative != 0) place.parent = absolute(relative - bit);
  for (bit /= 2; bit > 0; bit /= 2) {
    if (relative + bit < size) place.children.push_back(absolute(relative + bit));
  }
  return place;
}

}  // namespace

Task tree_broadcast(Channel& channel, std::span<std::byte> data, int root,
                    Segmentation segmentation) {
  const Place place = place_of(channel.rank(), root, channel.size());
  std::vector<std::span<std::byte>> segments;
  append_segments(data, segmentation.segment_bytes, segments);

  std::vector<Transport::Ticket> receives;
  std::vector<Transport::Ticket> sends;
  for (std::size_t k = 0; k < segments.size(); ++k) {
    const std::size_t limit = std::min(k + segmentation.receives_ahead, segments.size());
    while (place.parent && receives.size() < limit)
      receives.push_back(channel.receive(*place.parent, segments[receives.size()]));
    if (place.parent) co_await channel.done(receives[k]);
    for (const int child : place.children)
      sends.push_back(channel.send(child, segments[k]));
  }
  for (const auto ticket : sends)
    co_await channel.done(ticket);
}

}  // namespace rondo::comm
