// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scaling/simulation/simulated_node.hpp"

#include <algorithm>

namespace rondo::scaling {

void SimulatedNode::enter(double clock) {
  latest_ = std::max(latest_, clock);
  if (++entered_ < members_.size()) return;
  ++rounds_;
  entered_ = 0;
  complete_at_ = latest_ + world_.machine().node.latency;
  latest_ = 0;
  for (const int member : members_)
    world_.rank(member).go_on_at(complete_at_);
}

comm::Task SimulatedSteps::reduce(std::vector<comm::Cut>, std::span<std::byte> result) {
  const double bytes = others_bytes(result.size());
  rank_.spend(seconds_to_move(bytes) + bytes / rank_.world().machine().reduction_rate);
  co_return;
}

comm::Task SimulatedSteps::spread(std::vector<comm::Cut>, std::span<const std::byte> own) {
  rank_.spend(seconds_to_move(others_bytes(own.size())));
  co_return;
}

comm::Task SimulatedSteps::broadcast(int root) {
  if (map_.rank() != root) rank_.spend(seconds_to_move(static_cast<double>(call_.output.size())));
  co_return;
}

comm::Task SimulatedSteps::finish() {
  co_await node_.gathered(rank_, runner_);
}

}  // namespace rondo::scaling
