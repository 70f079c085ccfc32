// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/algorithms/one_shot.hpp"

#include <algorithm>
#include <vector>

#include "comm/kernels/reduce.hpp"

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

void reduce_contributions(Contributions& all, const Reduction& reduction, std::size_t offset,
                          std::span<std::byte> output) {
  if (output.empty()) return;
  const int size = all.way().size();
  std::vector<const std::byte*> inputs;
  inputs.reserve(static_cast<std::size_t>(size));
  for (int rank = 0; rank < size; ++rank)
    inputs.push_back(all.of(rank).data() + offset);
  std::byte* const to = output.data();
  const int divisor = reduction.op == ReduceOp::avg ? size : 1;
  reduce_all(reduction.dtype, reduction.op, divisor, inputs, std::span(&to, 1), output.size(),
             Stores::cached);
}

void copy_contributions(Contributions& all, const Blocks& blocks) {
  for (int rank = 0; rank < all.way().size(); ++rank)
    std::ranges::copy(all.of(rank), blocks[rank].begin());
}

Task one_shot_allreduce(Channel& channel, std::span<std::byte> data, Reduction reduction) {
  auto all = Contributions::of_all(channel, data.size());
  std::ranges::copy(data, all.own().begin());
  co_await gather(channel, all);
  reduce_contributions(all, reduction, 0, data);
}

Task one_shot_reduce_scatter(Channel& channel, std::span<const std::byte> input,
                             std::span<std::byte> output, Reduction reduction) {
  auto all = Contributions::of_all(channel, input.size());
  std::ranges::copy(input, all.own().begin());
  co_await gather(channel, all);
  reduce_contributions(all, reduction, static_cast<std::size_t>(channel.rank()) * output.size(),
                       output);
}

Task one_shot_allgather(Channel& channel, Blocks blocks) {
  std::vector<std::size_t> lengths;
  lengths.reserve(static_cast<std::size_t>(channel.size()));
  for (int rank = 0; rank < channel.size(); ++rank)
    lengths.push_back(blocks[rank].size());
  Contributions all(channel, lengths);
  std::ranges::copy(blocks[channel.rank()], all.own().begin());
  co_await gather(channel, all);
  copy_contributions(all, blocks);
}

Task one_shot_broadcast(Channel& channel, std::span<std::byte> data, int root) {
  auto all = Contributions::of_one(channel, root, data.size());
  if (channel.rank() == root) std::ranges::copy(data, all.own().begin());
  co_await gather(channel, all);
  std::ranges::copy(all.of(root), data.begin());
}

}  // namespace rondo::comm::algorithms
