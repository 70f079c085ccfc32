// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/algorithms/catalogue.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "comm/algorithms/along_tree.hpp"
#include "comm/algorithms/direct.hpp"
#include "comm/algorithms/element_channel.hpp"
#include "comm/algorithms/halving.hpp"
#include "comm/algorithms/one_shot.hpp"
#include "comm/algorithms/ring.hpp"

namespace rondo::comm::algorithms {
namespace {

constexpr Algorithm for_allreduce[] = {Algorithm::ring,          Algorithm::recursive_doubling,
                                       Algorithm::rabenseifner,  Algorithm::direct,
                                       Algorithm::one_shot,      Algorithm::tree,
                                       Algorithm::pipelined_tree};
constexpr Algorithm for_reduce_scatter[] = {Algorithm::ring, Algorithm::rabenseifner,
                                            Algorithm::direct, Algorithm::one_shot};
constexpr Algorithm for_allgather[] = {Algorithm::ring, Algorithm::recursive_doubling,
                                       Algorithm::direct, Algorithm::one_shot};
constexpr Algorithm for_broadcast[] = {Algorithm::tree, Algorithm::pipelined_tree,
                                       Algorithm::one_shot};

[[noreturn]] void refuse(Collective collective, Algorithm algorithm) {
  std::string known;
  for (const Algorithm other : algorithms_for(collective))
    known += (known.empty() ? "" : ", ") + std::string(name_of(other));
  throw UsageError(fmt::format("{} has no algorithm {}: choose one of {}", name_of(collective),
                               name_of(algorithm), known.empty() ? "none" : known));
}

Task copy(Channel& channel, std::span<const std::byte> from, std::span<std::byte> to) {
  channel.arithmetic().copy(from, to);
  co_return;
}

Task nothing() {
  co_return;
}

Task reduce_everywhere(Channel& channel, Algorithm algorithm, std::span<std::byte> data,
                       Reduction reduction, Segmentation segmentation) {
  ElementChannel elements(channel, reduction, segmentation);
  switch (algorithm) {
    case Algorithm::recursive_doubling:
      co_await recursive_doubling_allreduce(elements, data);
      break;
    case Algorithm::rabenseifner: co_await rabenseifner_allreduce(elements, data); break;
    case Algorithm::direct: co_await direct_allreduce(elements, data); break;
    default: co_await ring_allreduce(elements, data);
  }
}

Task reduce_and_scatter(Channel& channel, Algorithm algorithm, std::span<const std::byte> input,
                        std::span<std::byte> output, Reduction reduction,
                        Segmentation segmentation) {
  ElementChannel elements(channel, reduction, segmentation);
  const ConstBlocks blocks(input, elements.element_bytes(), channel.size());
  switch (algorithm) {
    case Algorithm::rabenseifner: co_await halving_reduce_scatter(elements, blocks, output); break;
    case Algorithm::direct: co_await direct_reduce_scatter(elements, blocks, output); break;
    default: co_await ring_reduce_scatter(elements, blocks, output);
  }
}

Task gather_everywhere(Channel& channel, Algorithm algorithm, Blocks blocks,
                       Segmentation segmentation) {
  ElementChannel elements(channel, Reduction(), segmentation);
  switch (algorithm) {
    case Algorithm::recursive_doubling: co_await doubling_allgather(elements, blocks); break;
    case Algorithm::direct: co_await direct_allgather(elements, blocks); break;
    default: co_await ring_allgather(elements, blocks);
  }
}

Task exchange_blocks(Channel& channel, ConstBlocks input, Blocks output,
                     Segmentation segmentation) {
  ElementChannel elements(channel, Reduction(), segmentation);
  co_await direct_all_to_all(elements, input, output);
}

}  // namespace

std::span<const Algorithm> algorithms_for(Collective collective) {
  switch (collective) {
    case Collective::allreduce: return for_allreduce;
    case Collective::reduce_scatter: return for_reduce_scatter;
    case Collective::allgather: return for_allgather;
    case Collective::broadcast: return for_broadcast;
    case Collective::barrier:
    case Collective::allreduce_lanes:
    case Collective::reduce_scatter_lanes:
    case Collective::all_to_all: return {};
  }
  return {};
}

void require_algorithm(Collective collective, Algorithm algorithm) {
  const auto known = algorithms_for(collective);
  if (std::ranges::find(known, algorithm) == known.end()) refuse(collective, algorithm);
}

int most_roundings(Algorithm algorithm, int ranks) {
  if (ranks == 1) return 0;
  const int ceil_log2 = static_cast<int>(std::bit_width(static_cast<unsigned>(ranks - 1)));
  switch (algorithm) {
    case Algorithm::ring: return ranks;
    case Algorithm::direct: return 2;
    case Algorithm::one_shot: return 0;
    default: return ceil_log2 + 1;
  }
}

Task allreduce(Channel& channel, Algorithm algorithm, std::span<std::byte> data,
               Reduction reduction, Segmentation segmentation) {
  require_algorithm(Collective::allreduce, algorithm);
  if (channel.size() == 1) return nothing();
  if (algorithm == Algorithm::one_shot) return one_shot_allreduce(channel, data, reduction);
  if (algorithm == Algorithm::tree) return tree_allreduce(channel, data, reduction, segmentation);
  if (algorithm == Algorithm::pipelined_tree)
    return pipelined_tree_allreduce(channel, data, reduction, segmentation);
  return reduce_everywhere(channel, algorithm, data, reduction, segmentation);
}

Task reduce_scatter(Channel& channel, Algorithm algorithm, std::span<const std::byte> input,
                    std::span<std::byte> output, Reduction reduction, Segmentation segmentation) {
  require_algorithm(Collective::reduce_scatter, algorithm);
  if (channel.size() == 1) return copy(channel, input, output);
  if (algorithm == Algorithm::one_shot)
    return one_shot_reduce_scatter(channel, input, output, reduction);
  return reduce_and_scatter(channel, algorithm, input, output, reduction, segmentation);
}

Task allgather(Channel& channel, Algorithm algorithm, Blocks blocks, Segmentation segmentation) {
  require_algorithm(Collective::allgather, algorithm);
  if (channel.size() == 1) return nothing();
  if (algorithm == Algorithm::one_shot) return one_shot_allgather(channel, blocks);
  return gather_everywhere(channel, algorithm, blocks, segmentation);
}

Task all_to_all(Channel& channel, ConstBlocks input, Blocks output, Segmentation segmentation) {
  channel.arithmetic().copy(input[channel.rank()], output[channel.rank()]);
  return channel.size() == 1 ? nothing() : exchange_blocks(channel, input, output, segmentation);
}

Task broadcast(Channel& channel, Algorithm algorithm, std::span<std::byte> data, int root,
               Segmentation segmentation) {
  require_algorithm(Collective::broadcast, algorithm);
  if (channel.size() == 1) return nothing();
  if (algorithm == Algorithm::one_shot) return one_shot_broadcast(channel, data, root);
  if (algorithm == Algorithm::pipelined_tree)
    return pipelined_tree_broadcast(channel, data, root, segmentation);
  return tree_broadcast(channel, data, root, segmentation);
}

}  // namespace rondo::comm::algorithms
