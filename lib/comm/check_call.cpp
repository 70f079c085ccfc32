// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/check_call.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::comm {
namespace {

void require_whole_elements(std::size_t bytes, DType dtype) {
  if (bytes % size_of(dtype) == 0) return;
  throw UsageError(fmt::format("{} bytes are not a whole number of {} elements of {} bytes", bytes,
                               name_of(dtype), size_of(dtype)));
}

void require_op(ReduceOp op) {
  require(op <= ReduceOp::max, "reduce op out of range: it is sum, avg, min or max");
}

void require_equal(const Call& call) {
  if (call.input.size() == call.output.size()) return;
  throw UsageError(fmt::format("{} of {} bytes into {}: input and output must be equally long",
                               name_of(call.collective), call.input.size(), call.output.size()));
}

void require_blocks(std::size_t whole_bytes, std::size_t block_bytes, int size) {
  if (whole_bytes == block_bytes * static_cast<std::size_t>(size)) return;
  throw UsageError(fmt::format("{} bytes are not {} blocks of {} bytes, one for each rank",
                               whole_bytes, size, block_bytes));
}

void require_covering(const Call& call, LaneRange range) {
  require(call.lanes > 0, "no lanes: a sum over lanes needs one at least");
  const auto covers = [](const LaneNode& node, LaneRange lanes_of_node) {
    return node.lanes == lanes_of_node;
  };
  if (!std::ranges::equal(call.nodes, covering_nodes(range, call.lanes), covers))
    throw UsageError(
        fmt::format("{} nodes do not cover this rank's lanes {} to {} of {} along the "
                    "lane tree: add every one of these lanes to one LaneTreeSum",
                    call.nodes.size(), range.begin, range.end, call.lanes));
}

bool are_apart(std::span<const std::byte> one, std::span<const std::byte> other) {
  const std::less<> before;
  return one.empty() || other.empty() || !before(one.data(), other.data() + other.size()) ||
         !before(other.data(), one.data() + one.size());
}

void require_apart(const Call& call) {
  if (are_apart(call.input, call.output)) return;
  throw UsageError(
      fmt::format("{}: input and output overlap; they must be apart", name_of(call.collective)));
}

/// The block lies where the whole has the rank's own one, or apart from all of it.
void require_own_block(const Call& call, std::span<const std::byte> whole,
                       std::span<const std::byte> block, const Place& place, OwnBlock allowed) {
  const std::byte* const own = whole.data() + static_cast<std::size_t>(place.rank) * block.size();
  if (allowed == OwnBlock::apart_or_in_place && block.data() == own) return;
  require_apart(call);
}

/// The result lies in `part` of a node's sum, exactly, or apart from all of it.
void require_in_place_or_apart(const LaneNode& node, std::span<const float> part,
                               std::span<const std::byte> result) {
  const bool in_place = result.data() == std::as_bytes(part).data();
  if (in_place || are_apart(std::as_bytes(node.sum), result)) return;
  throw UsageError(
      fmt::format("the result overlaps the sum of lanes {} to {}: it must be apart from it, or "
                  "exactly its place in it",
                  node.lanes.begin, node.lanes.end));
}

void require_sums(const Call& call, const Place& place) {
  require(call.dtype == DType::f32, "sums over lanes are of f32");
  require_whole_elements(call.output.size(), call.dtype);
  const bool scatters = call.collective == Collective::reduce_scatter_lanes;
  const auto parts = static_cast<std::size_t>(scatters ? place.size : 1);
  const auto part = static_cast<std::size_t>(scatters ? place.rank : 0);
  const std::size_t count = call.output.size() / sizeof(float);
  for (const LaneNode& node : call.nodes) {
    if (node.sum.size() != parts * count)
      throw UsageError(fmt::format("the sum of lanes {} to {} has {} elements, {} needs {}",
                                   node.lanes.begin, node.lanes.end, node.sum.size(),
                                   name_of(call.collective), parts * count));
    require_in_place_or_apart(node, node.sum.subspan(part * count, count), call.output);
  }
}

void require_wire(const Call& call) {
  if (call.options.wire == Wire::exact) return;
  const bool reduces =
      call.collective == Collective::allreduce || call.collective == Collective::reduce_scatter;
  if (reduces && call.dtype == DType::f32) return;
  throw UsageError(
      fmt::format("{} of {} as {} on the wire: only allreduce and reduce_scatter of "
                  "f32 can be rounded on their way",
                  name_of(call.collective), name_of(call.dtype), name_of(call.options.wire)));
}

}  // namespace

void check_call(const Call& call, const Place& place, OwnBlock own_block) {
  require_wire(call);
  switch (call.collective) {
    case Collective::allreduce:
      require_op(call.op);
      require_whole_elements(call.output.size(), call.dtype);
      require_equal(call);
      if (call.input.data() != call.output.data()) require_apart(call);
      return;
    case Collective::reduce_scatter:
      require_op(call.op);
      require_whole_elements(call.output.size(), call.dtype);
      require_blocks(call.input.size(), call.output.size(), place.size);
      return require_own_block(call, call.input, call.output, place, own_block);
    case Collective::allgather:
      require_blocks(call.output.size(), call.input.size(), place.size);
      return require_own_block(call, call.output, call.input, place, own_block);
    case Collective::all_to_all:
      require_equal(call);
      require_blocks(call.input.size(), call.input.size() / static_cast<std::size_t>(place.size),
                     place.size);
      return require_apart(call);
    case Collective::broadcast:
      if (call.root < 0 || call.root >= place.size)
        throw UsageError(
            fmt::format("broadcast from rank {}: there are {} ranks", call.root, place.size));
      require(call.input.data() == call.output.data() && call.input.size() == call.output.size(),
              "broadcast needs the same memory as input and as output, on every rank");
      return;
    case Collective::barrier: return;
    case Collective::allreduce_lanes:
    case Collective::reduce_scatter_lanes:
      require_covering(call, lane_range(place.rank, place.size, call.lanes));
      return require_sums(call, place);
  }
}

}  // namespace rondo::comm
