// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "comm/algorithms/ring.hpp"

namespace rondo::comm {

Task ring_allgather(Channel& channel, Blocks blocks, Segmentation segmentation) {
  // The segments of the own block, then those that arrive; all but the last block's are sent on.
  std::vector<std::span<std::byte>> hops;
  std::size_t own = 0;
  std::size_t sent = 0;
  for (int step = 0; step < channel.size(); ++step) {
    sent = hops.size();
    append_segments(blocks[channel.rank() - step], segmentation.segment_bytes, hops);
    if (step == 0) own = hops.size();
  }

  std::vector<Transport::Ticket> sends;
  std::vector<Transport::Ticket> receives;
  const auto send = [&](std::size_t k) { sends.push_back(channel.send(channel.right(), hops[k])); };
  for (std::size_t k = 0; k < std::min(own, sent); ++k)
    send(k);
  for (std::size_t k = own; k < hops.size(); ++k) {
    const std::size_t limit = std::min(k + segmentation.receives_ahead, hops.size());
    while (own + receives.size() < limit)
      receives.push_back(channel.receive(channel.left(), hops[own + receives.size()]));
    co_await channel.done(receives[k - own]);
    if (k < sent) send(k);
  }
  for (const auto ticket : sends)
    co_await channel.done(ticket);
}

}  // namespace rondo::comm
