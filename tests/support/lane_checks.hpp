// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/comm/lane_tree.hpp"

#include "support/fewer_cases.hpp"

/// Sums over lanes against the definition of the tree, bit by bit.
namespace rondo::test {

/// Numbers of very different magnitude: their sum depends on the order of adding.
inline float lane_value(std::size_t lane, std::size_t i) {
  std::uint64_t bits = (lane + 1) * 0x9E3779B97F4A7C15U + i * 0xD1B54A32D192ED03U;
  bits = (bits ^ (bits >> 29)) * 0xBF58476D1CE4E5B9U;
  const auto magnitude = static_cast<float>(1U << ((bits >> 20) % 12));
  return magnitude * (static_cast<float>((bits >> 40) & 0xFFFFFFU) / 8388608.0F - 1.0F);
}

/// Element `i` of the sum over `node`.
inline float tree_value(comm::LaneRange node, std::size_t i) {
  if (node.end - node.begin == 1) return lane_value(node.begin, i);
  std::size_t half = 1;
  while (2 * half < node.end - node.begin)
    half *= 2;
  return tree_value({node.begin, node.begin + half}, i) +
         tree_value({node.begin + half, node.end}, i);
}

inline void plant_lane(std::size_t lane, std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = lane_value(lane, i);
}

/// Elements [begin, begin + count) of the sum over `node`.
inline std::vector<float> tree_values(comm::LaneRange node, std::size_t begin, std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = tree_value(node, begin + i);
  return values;
}

enum class LaneMemory { private_memory, windows };

/// Buffers of one rank, from one cache line boundary to another, all of one kind of memory.
class LaneBuffers {
 public:
  /// Collective.
  LaneBuffers(comm::Communicator& comm, LaneMemory kind, std::size_t most_floats) {
    if (kind == LaneMemory::windows)
      window_ = comm.allocate(most_floats * sizeof(float));
    else
      private_ = AlignedBuffer<float>(most_floats);
  }

  void reset() { used_ = 0; }
  std::span<float> take(std::size_t count) {
    const auto all = window_ ? std::span(reinterpret_cast<float*>(window_->bytes().data()),
                                         window_->bytes().size() / sizeof(float))
                             : private_.span();
    const auto taken = all.subspan(used_, count);
    used_ += round_up(count, cache_line_bytes / sizeof(float));
    return taken;
  }

 private:
  std::unique_ptr<comm::Memory> window_;
  AlignedBuffer<float> private_;
  std::size_t used_ = 0;
};

/// Where a rank wants the result.
enum class ResultPlace { apart, in_first_node, in_last_node };

struct LaneCase {
  std::size_t lanes;
  std::size_t count;  ///< of the result
  ResultPlace place = ResultPlace::apart;
};

/// This rank's lanes summed in `buffers`, the last one in place.
inline comm::LaneTreeSum sum_own_lanes(comm::LaneRange own, std::size_t lanes, std::size_t count,
                                       LaneBuffers& buffers) {
  if (own.begin == own.end) return {lanes, count, {}};
  const comm::LaneRange added{own.begin, own.end - 1};
  std::vector<std::span<float>> partials;
  for (std::size_t k = 0; k < comm::most_partials(added, lanes); ++k)
    partials.push_back(buffers.take(count));
  comm::LaneTreeSum sum(lanes, count, partials);
  const auto values = buffers.take(count);
  for (std::size_t lane = own.begin; lane < own.end; ++lane) {
    plant_lane(lane, values);
    if (lane + 1 == own.end)
      sum.add_last(lane, values);
    else
      sum.add(lane, values);
  }
  return sum;
}

/// Collective.
inline void check_sum_over_lanes(comm::Communicator& comm, comm::Collective collective,
                                 const LaneCase& lane_case, LaneBuffers& buffers) {
  const auto [lanes, count, place] = lane_case;
  const bool scatters = collective == comm::Collective::reduce_scatter_lanes;
  const std::size_t whole = scatters ? count * static_cast<std::size_t>(comm.size()) : count;
  const std::size_t begin = scatters ? count * static_cast<std::size_t>(comm.rank()) : 0;
  buffers.reset();
  const auto own = comm::lane_range(comm.rank(), comm.size(), lanes);
  const auto nodes = sum_own_lanes(own, lanes, whole, buffers).nodes();
  auto result = buffers.take(count);
  if (place != ResultPlace::apart && !nodes.empty()) {
    const auto sum = place == ResultPlace::in_first_node ? nodes.front().sum : nodes.back().sum;
    result = {const_cast<float*>(sum.data()) + begin, count};
  }

  if (scatters)
    wait(comm, *comm.reduce_scatter_lanes(nodes, lanes, result));
  else
    wait(comm, *comm.allreduce_lanes(nodes, lanes, result));

  EXPECT_EQ(std::vector(result.begin(), result.end()), tree_values({0, lanes}, begin, count))
      << fmt::format("{} of {} lanes, {} elements, on rank {} of {}, place {}", name_of(collective),
                     lanes, count, comm.rank(), comm.size(), static_cast<int>(place));
}

/// Both collectives, in place and not. Collective.
inline void check_all_sums_over_lanes(comm::Communicator& comm, LaneMemory kind,
                                      std::span<const std::size_t> lane_counts,
                                      std::span<const std::size_t> counts) {
  const std::size_t longest =
      round_up(std::ranges::max(counts), 16) * static_cast<std::size_t>(comm.size());
  LaneBuffers buffers(comm, kind, 10 * longest);
  for (const auto& [lanes, count, place, collective] : combinations(
           Keep::pairs, lane_counts, counts,
           std::array{ResultPlace::apart, ResultPlace::in_first_node, ResultPlace::in_last_node},
           std::array{comm::Collective::allreduce_lanes, comm::Collective::reduce_scatter_lanes}))
    check_sum_over_lanes(comm, collective, {lanes, count, place}, buffers);
}

}  // namespace rondo::test
