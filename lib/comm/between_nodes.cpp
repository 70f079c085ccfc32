// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/between_nodes.hpp"

namespace rondo::comm {
namespace {

/// Slices travel without signatures, which alone make one_shot worth its traffic.
std::shared_ptr<const Tuning> without_one_shot(const std::shared_ptr<const Tuning>& tuning) {
  auto changed = tuning ? std::make_shared<Tuning>(*tuning) : std::make_shared<Tuning>();
  changed->transport.one_shot_bytes = 0;
  return changed;
}

}  // namespace

Segmentation segmentation_of(const Tuning& tuning) {
  return {tuning.transport.segment_bytes, tuning.transport.receives_ahead};
}

BetweenNodesSelector::BetweenNodesSelector(const std::shared_ptr<const Tuning>& tuning,
                                           const Place& place)
    : selector_(
          without_one_shot(tuning),
          {.rank = place.node, .size = place.nodes, .node = place.node, .nodes = place.nodes}) {}

BetweenNodes BetweenNodesSelector::choose(Call call, int carriers) const {
  const std::span<const std::byte> longer =
      call.input.size() > call.output.size() ? call.input : call.output;
  call.input = longer.first(longer.size() / static_cast<std::size_t>(carriers));
  call.output = {};
  call.options.algorithm = Algorithm::automatic;
  return {selector_.choose(call).algorithm, segmentation_of(selector_.tuning())};
}

}  // namespace rondo::comm
