// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/algorithms/catalogue.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "comm/algorithms/ring.hpp"
#include "comm/algorithms/tree_broadcast.hpp"

namespace rondo::comm::algorithms {
namespace {

constexpr Algorithm for_allreduce[] = {Algorithm::ring};
constexpr Algorithm for_reduce_scatter[] = {Algorithm::ring};
constexpr Algorithm for_allgather[] = {Algorithm::ring};
constexpr Algorithm for_broadcast[] = {Algorithm::tree};

[[noreturn]] void refuse(Collective collective, Algorithm algorithm) {
  std::string known;
  for (const Algorithm other : algorithms_for(collective))
    known += (known.empty() ? "" : ", ") + std::string(name_of(other));
  throw UsageError(fmt::format("{} has no algorithm {}: choose one of {}", name_of(collective),
                               name_of(algorithm), known.empty() ? "none" : known));
}

}  // namespace

std::span<const Algorithm> algorithms_for(Collective collective) {
  switch (collective) {
    case Collective::allreduce: return for_allreduce;
    case Collective::reduce_scatter: return for_reduce_scatter;
    case Collective::allgather: return for_allgather;
    case Collective::broadcast: return for_broadcast;
    case Collective::barrier:
    case Collective::allreduce_lanes: return {};
  }
  return {};
}

void require_algorithm(Collective collective, Algorithm algorithm) {
  const auto known = algorithms_for(collective);
  if (std::ranges::find(known, algorithm) == known.end()) refuse(collective, algorithm);
}

Task allreduce(Channel& channel, Algorithm algorithm, std::span<std::byte> data,
               Reduction reduction, Segmentation segmentation) {
  require_algorithm(Collective::allreduce, algorithm);
  return ring_allreduce(channel, data, reduction.dtype, reduction.op, segmentation);
}

Task reduce_scatter(Channel& channel, Algorithm algorithm, std::span<const std::byte> input,
                    std::span<std::byte> output, Reduction reduction, Segmentation segmentation) {
  require_algorithm(Collective::reduce_scatter, algorithm);
  return ring_reduce_scatter(channel, input, output, reduction.dtype, reduction.op, segmentation);
}

Task allgather(Channel& channel, Algorithm algorithm, Blocks blocks, Segmentation segmentation) {
  require_algorithm(Collective::allgather, algorithm);
  return ring_allgather(channel, blocks, segmentation);
}

Task broadcast(Channel& channel, Algorithm algorithm, std::span<std::byte> data, int root,
               Segmentation segmentation) {
  require_algorithm(Collective::broadcast, algorithm);
  return tree_broadcast(channel, data, root, segmentation);
}

}  // namespace rondo::comm::algorithms
