// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/algorithms/one_shot.hpp"

#include <algorithm>
#include <vector>

namespace rondo::comm::algorithms {

Task gather(Channel& channel, Contributions& all) {
  const Dissemination way = all.way();
  for (int distance = 1; distance < way.size(); distance *= 2) {
    const auto arrival = channel.receive(way.from(distance), all.incoming(distance));
    const auto departure = channel.send(way.to(distance), all.outgoing(distance));
    co_await channel.done(arrival);
    co_await channel.done(departure);
  }
}

void reduce_contributions(Channel& channel, Contributions& all, const Reduction& reduction,
                          std::size_t offset, std::span<std::byte> output) {
  if (output.empty()) return;
  const int size = all.way().size();
  std::vector<const std::byte*> inputs;
  inputs.reserve(static_cast<std::size_t>(size));
  for (int rank = 0; rank < size; ++rank)
    inputs.push_back(all.of(rank).data() + offset);
  const int divisor = reduction.op == ReduceOp::avg ? size : 1;
  channel.arithmetic().reduce_all(reduction.dtype, reduction.op, divisor, inputs, output);
}

void copy_contributions(Channel& channel, Contributions& all, const Blocks& blocks) {
  for (int rank = 0; rank < all.way().size(); ++rank)
    channel.arithmetic().copy(all.of(rank), blocks[rank]);
}

Task one_shot_allreduce(Channel& channel, std::span<std::byte> data, Reduction reduction) {
  auto all = Contributions::of_all(channel, data.size());
  channel.arithmetic().copy(data, all.own());
  co_await gather(channel, all);
  reduce_contributions(channel, all, reduction, 0, data);
}

Task one_shot_reduce_scatter(Channel& channel, std::span<const std::byte> input,
                             std::span<std::byte> output, Reduction reduction) {
  auto all = Contributions::of_all(channel, input.size());
  channel.arithmetic().copy(input, all.own());
  co_await gather(channel, all);
  reduce_contributions(channel, all, reduction,
                       static_cast<std::size_t>(channel.rank()) * output.size(), output);
}

Task one_shot_allgather(Channel& channel, Blocks blocks) {
  std::vector<std::size_t> lengths;
  lengths.reserve(static_cast<std::size_t>(channel.size()));
  for (int rank = 0; rank < channel.size(); ++rank)
    lengths.push_back(blocks[rank].size());
  Contributions all(channel, lengths);
  channel.arithmetic().copy(blocks[channel.rank()], all.own());
  co_await gather(channel, all);
  copy_contributions(channel, all, blocks);
}

Task one_shot_broadcast(Channel& channel, std::span<std::byte> data, int root) {
  auto all = Contributions::of_one(channel, root, data.size());
  if (channel.rank() == root) channel.arithmetic().copy(data, all.own());
  co_await gather(channel, all);
  channel.arithmetic().copy(all.of(root), data);
}

}  // namespace rondo::comm::algorithms
