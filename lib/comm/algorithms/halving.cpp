// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/algorithms/halving.hpp"

#include <algorithm>
#include <vector>

#include "comm/algorithms/exchange.hpp"
#include "comm/algorithms/fold.hpp"

namespace rondo::comm::algorithms {
namespace {

/// Both ranks' `data` becomes the lower rank's op the higher rank's, both rounded to the wire.
Task exchange_in_order(ElementChannel& elements, int peer, std::span<std::byte> data) {
  const auto segments = elements.segments(data);
  const auto send = [&](std::size_t k) {
    elements.round(segments[k]);
    elements.send(peer, segments[k]);
  };
  const auto post = [&](std::size_t k) {
    return elements.receive_operand(peer, segments[k].size());
  };
  const auto absorb = [&](std::size_t k, Arrival& arrival) {
    const std::byte* const other = elements.values_of(arrival).data();
    const std::byte* const own = segments[k].data();
    const bool first = elements.rank() < peer;
    const std::byte* const operands[] = {first ? own : other, first ? other : own};
    elements.reduce_all(operands, segments[k]);
  };
  co_await exchange(elements, segments.size(), send, segments.size(), post, absorb);
}

/// Adds up the pairs' data; returns when this rank has no more to do until the result is there.
Task fold_in(ElementChannel& elements, const Fold& fold, std::span<std::byte> data) {
  if (!fold.has_mate()) co_return;
  if (fold.in_core())
    co_await exchange_and_reduce(elements, fold.mate(), {}, data);
  else
    co_await send_all(elements, fold.mate(), data);
}

/// Of a core rank: reduces with ever nearer partners, each time the half of the blocks that holds
/// its own place. At the end the place's blocks are reduced over all ranks.
Task halve(ElementChannel& elements, const Fold& fold, const Blocks& blocks) {
  int begin = 0;
  int end = fold.places();
  while (end - begin > 1) {
    const int middle = (begin + end) / 2;
    const bool lower = fold.place() < middle;
    const int distance = lower ? middle - begin : begin - middle;
    const int peer = fold.rank_at(fold.place() + distance);
    const auto low = blocks.range(fold.rank_at(begin), fold.rank_at(middle));
    const auto high = blocks.range(fold.rank_at(middle), fold.rank_at(end));
    co_await exchange_and_reduce(elements, peer, lower ? high : low, lower ? low : high);
    (lower ? end : begin) = middle;
  }
}

/// blocks[rank()] becomes its reduction; the other blocks are used up.
Task reduce_by_halving(ElementChannel& elements, std::span<std::byte> data, const Blocks& blocks) {
  const Fold fold(elements.rank(), elements.size());
  co_await fold_in(elements, fold, data);
  if (!fold.in_core()) {
    co_await receive_all(elements, fold.mate(), blocks[elements.rank()]);
    co_return;
  }
  co_await halve(elements, fold, blocks);
  elements.divide(blocks.range(fold.rank_at(fold.place()), fold.rank_at(fold.place() + 1)));
  if (fold.has_mate()) co_await send_all(elements, fold.mate(), blocks[fold.mate()]);
}

/// Blocks [first, first + count) modulo the number of blocks, in pieces that do not wrap around.
template <class Byte>
std::vector<std::span<Byte>> segments_of_run(const ElementChannel& elements,
                                             const BasicBlocks<Byte>& blocks, int first,
                                             int count) {
  const int size = blocks.count();
  const int begin = first % size;
  const int end = std::min(begin + count, size);
  auto segments = elements.segments(blocks.range(begin, end));
  const auto wrapped = elements.segments(blocks.range(0, count - (end - begin)));
  segments.insert(segments.end(), wrapped.begin(), wrapped.end());
  return segments;
}

}  // namespace

Task recursive_doubling_allreduce(ElementChannel& elements, std::span<std::byte> data) {
  const Fold fold(elements.rank(), elements.size());
  co_await fold_in(elements, fold, data);
  if (!fold.in_core()) {
    co_await receive_all(elements, fold.mate(), data);
    co_return;
  }
  for (int distance = 1; distance < fold.places(); distance *= 2)
    co_await exchange_in_order(elements, fold.rank_at(fold.place() ^ distance), data);
  elements.divide(data);
  elements.round(data);
  if (fold.has_mate()) co_await send_all(elements, fold.mate(), data);
}

Task rabenseifner_allreduce(ElementChannel& elements, std::span<std::byte> data) {
  const Blocks blocks(data, elements.element_bytes(), elements.size());
  co_await reduce_by_halving(elements, data, blocks);
  elements.round(blocks[elements.rank()]);
  co_await doubling_allgather(elements, blocks);
}

Task halving_reduce_scatter(ElementChannel& elements, ConstBlocks input,
                            std::span<std::byte> result) {
  const auto all = input.range(0, input.count());
  Scratch copy = elements.scratch(all.size());
  elements.copy(all, copy.bytes());
  const Blocks blocks(copy.bytes(), input.element_bytes(), input.count());
  co_await reduce_by_halving(elements, copy.bytes(), blocks);
  elements.copy(blocks[elements.rank()], result);
}

Task doubling_allgather(ElementChannel& elements, Blocks blocks) {
  const int rank = elements.rank();
  const int size = elements.size();
  // Before each step this rank has the `run` blocks from its own one on.
  for (int run = 1; run < size; run *= 2) {
    const int count = std::min(run, size - run);
    const int to = (rank + size - run) % size;
    const int from = (rank + run) % size;
    const auto sent = segments_of_run(elements, blocks, rank, count);
    const auto received = segments_of_run(elements, blocks, from, count);
    co_await exchange(
        elements, sent.size(), [&](std::size_t k) { elements.send(to, sent[k]); }, received.size(),
        [&](std::size_t k) { return elements.receive(from, received[k]); },
        [&](std::size_t k, Arrival& arrival) { elements.unpack(arrival, received[k]); });
  }
}

}  // namespace rondo::comm::algorithms
