// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/message_path.hpp"

#include <algorithm>
#include <utility>

#include "comm/algorithms/catalogue.hpp"
#include "comm/algorithms/lane_tree.hpp"

namespace rondo::comm {
namespace {

std::span<float> floats_of(std::span<std::byte> bytes) {
  return {reinterpret_cast<float*>(bytes.data()), bytes.size() / sizeof(float)};
}

}  // namespace

Task run_by_messages(Channel& channel, Call call, std::vector<LaneNode> nodes,
                     Segmentation segmentation) {
  const Algorithm algorithm = call.options.algorithm;
  const algorithms::Reduction reduction{call.dtype, call.op, call.options.wire};
  switch (call.collective) {
    case Collective::allreduce:
      if (call.input.data() != call.output.data())
        channel.arithmetic().copy(call.input, call.output);
      co_await algorithms::allreduce(channel, algorithm, call.output, reduction, segmentation);
      break;
    case Collective::reduce_scatter:
      co_await algorithms::reduce_scatter(channel, algorithm, call.input, call.output, reduction,
                                          segmentation);
      break;
    case Collective::allgather: {
      const Blocks blocks(call.output, 1, channel.size());
      channel.arithmetic().copy(call.input, blocks[channel.rank()]);
      co_await algorithms::allgather(channel, algorithm, blocks, segmentation);
      break;
    }
    case Collective::all_to_all:
      co_await algorithms::all_to_all(channel, {call.input, 1, channel.size()},
                                      {call.output, 1, channel.size()}, segmentation);
      break;
    case Collective::broadcast:
      co_await algorithms::broadcast(channel, algorithm, call.output, call.root, segmentation);
      break;
    case Collective::barrier: break;  // comparing the signatures was one
    case Collective::allreduce_lanes:
      co_await lane_tree_allreduce(channel, std::move(nodes), call.lanes, floats_of(call.output),
                                   segmentation);
      break;
    case Collective::reduce_scatter_lanes:
      co_await lane_tree_reduce_scatter(channel, std::move(nodes), call.lanes,
                                        floats_of(call.output));
      break;
  }
}

}  // namespace rondo::comm
