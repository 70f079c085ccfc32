// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "rondo/comm/tuning.hpp"

#include "comm/algorithms/catalogue.hpp"

namespace rondo::comm {
namespace {

constexpr std::size_t operator""_KiB(unsigned long long count) {
  return count << 10;
}
constexpr std::size_t operator""_MiB(unsigned long long count) {
  return count << 20;
}

constexpr int any = std::numeric_limits<int>::max();
constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

// A message of n bytes takes a + n b. Links from 1 Gbit/s Ethernet to 100 Gbit/s InfiniBand have
// a / b, the bytes that fit into one latency, between 6 and 33 KiB: 16 KiB are taken. With
// L = ceil(log2 p):
//
//   recursive_doubling  L a + L n b                    least below L/(L-2) a/b
//   direct              2 a + 2 (p-1)/p n b            and p-1 messages at once each way
//   rabenseifner        2 L a + 2 (p-1)/p n b          sums and messages do not overlap
//   ring                2 (p-1) a + 2 (p-1)/p n b      they do: worth p n > 20 a/b and more
//
// All but one_shot come after the comparison of the signatures, which is another L a:
//
//   one_shot            L a + (p-1) n b                least while p n is a few a/b
//
// That bound is TransportTuning::one_shot_bytes, beyond which no rule for one_shot holds.
// Rules for ranks apart from one another follow those for nodes, which shared memory serves.
// `hierarchical` has nodes in place of ranks in all of that: fewer steps, and each node's link
// carries its data once. What its steps in memory add is less than a of a link; only the shortest
// allreduce has nothing to share out. Sums over lanes by nodes wait for the comparison, which tells
// where buffers are; short ones by messages run beside it.
constexpr TuningRule rules[] = {
    {Collective::allreduce, Algorithm::shared, {}, {1, 1}},
    {Collective::allreduce, Algorithm::one_shot},
    {Collective::allreduce, Algorithm::hierarchical, {}, {2, any}},
    {Collective::allreduce, Algorithm::recursive_doubling, {2, 2}, {}, 64_KiB},
    {Collective::allreduce, Algorithm::recursive_doubling, {3, 8}, {}, 32_KiB},
    {Collective::allreduce, Algorithm::recursive_doubling, {9, any}, {}, 16_KiB},
    {Collective::allreduce, Algorithm::direct, {3, 8}, {}, 256_KiB},
    {Collective::allreduce, Algorithm::rabenseifner, {9, 16}, {}, 1_MiB},
    {Collective::allreduce, Algorithm::rabenseifner, {17, 64}, {}, 8_MiB},
    {Collective::allreduce, Algorithm::rabenseifner, {65, 256}, {}, 64_MiB},
    {Collective::allreduce, Algorithm::rabenseifner, {257, any}},
    {Collective::allreduce, Algorithm::ring},

    {Collective::reduce_scatter, Algorithm::shared, {}, {1, 1}},
    {Collective::reduce_scatter, Algorithm::one_shot},
    {Collective::reduce_scatter, Algorithm::hierarchical, {}, {2, any}},
    {Collective::reduce_scatter, Algorithm::direct, {2, 16}, {}, 256_KiB},
    {Collective::reduce_scatter, Algorithm::rabenseifner, {17, 64}, {}, 8_MiB},
    {Collective::reduce_scatter, Algorithm::rabenseifner, {65, any}, {}, 64_MiB},
    {Collective::reduce_scatter, Algorithm::ring},

    {Collective::allgather, Algorithm::shared, {}, {1, 1}},
    {Collective::allgather, Algorithm::one_shot},
    {Collective::allgather, Algorithm::hierarchical, {}, {2, any}},
    {Collective::allgather, Algorithm::direct, {2, 16}, {}, 256_KiB},
    {Collective::allgather, Algorithm::recursive_doubling, {17, 64}, {}, 8_MiB},
    {Collective::allgather, Algorithm::recursive_doubling, {65, any}, {}, 64_MiB},
    {Collective::allgather, Algorithm::ring},

    {Collective::broadcast, Algorithm::shared, {}, {1, 1}},
    {Collective::broadcast, Algorithm::one_shot},
    {Collective::broadcast, Algorithm::hierarchical, {}, {2, any}},
    {Collective::broadcast, Algorithm::tree, {}, {}, 128_KiB},
    {Collective::broadcast, Algorithm::pipelined_tree},

    {Collective::barrier, Algorithm::shared, {}, {1, 1}},
    {Collective::barrier, Algorithm::one_shot},
    {Collective::allreduce_lanes, Algorithm::shared, {}, {1, 1}},
    {Collective::allreduce_lanes, Algorithm::direct, {2, 16}, {}, 64_KiB},
    {Collective::allreduce_lanes, Algorithm::hierarchical, {}, {2, any}},
    {Collective::allreduce_lanes, Algorithm::direct},
    {Collective::reduce_scatter_lanes, Algorithm::shared, {}, {1, 1}},
    {Collective::reduce_scatter_lanes, Algorithm::direct, {2, 16}, {}, 16_KiB},
    {Collective::reduce_scatter_lanes, Algorithm::hierarchical, {}, {2, any}},
    {Collective::reduce_scatter_lanes, Algorithm::direct},
    {Collective::all_to_all, Algorithm::direct},
};

bool has_equal_nodes(const Place& place) {
  return place.smallest_node_size * place.nodes == place.size;
}

}  // namespace

std::span<const TuningRule> built_in_rules() {
  return rules;
}

std::vector<Algorithm> algorithms_of(Collective collective) {
  // One way by messages, which the catalogue does not list: no data at all, slices, and blocks.
  if (collective == Collective::barrier) return {Algorithm::one_shot, Algorithm::shared};
  if (is_over_lanes(collective))
    return {Algorithm::direct, Algorithm::shared, Algorithm::hierarchical};
  if (collective == Collective::all_to_all) return {Algorithm::direct};
  const auto by_messages = algorithms::algorithms_for(collective);
  std::vector<Algorithm> all(by_messages.begin(), by_messages.end());
  all.push_back(Algorithm::shared);
  all.push_back(Algorithm::hierarchical);
  return all;
}

bool fits(Algorithm algorithm, Collective collective, const Place& place) {
  const auto known = algorithms_of(collective);
  if (std::ranges::find(known, algorithm) == known.end()) return false;
  if (place.size == 1) return true;
  if (algorithm == Algorithm::shared) return place.nodes == 1;
  if (algorithm != Algorithm::hierarchical) return true;
  const bool has_blocks = collective == Collective::reduce_scatter ||
                          collective == Collective::allgather ||
                          collective == Collective::reduce_scatter_lanes;
  return 1 < place.nodes && place.nodes < place.size && (!has_blocks || has_equal_nodes(place));
}

}  // namespace rondo::comm
