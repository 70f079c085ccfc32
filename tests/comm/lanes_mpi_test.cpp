// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <array>

#include <gtest/gtest.h>

#include "rondo/comm/mpi_world.hpp"

#include "support/lane_checks.hpp"

/// Sums over lanes between processes: in this node's memory, and by messages.
namespace rondo::comm {
namespace {

using test::LaneMemory;

constexpr std::array<std::size_t, 6> lanes{1, 4, 6, 7, 12, 17};
constexpr std::array<std::size_t, 4> lane_counts{0, 1, 509, 10'007};

TEST(LaneSums, in_windows_have_the_bits_of_the_tree) {
  const auto comm = make_mpi_communicator();
  test::check_all_sums_over_lanes(*comm, LaneMemory::windows, lanes, lane_counts);
}

TEST(LaneSums, in_private_memory_have_the_bits_of_the_tree) {
  const auto comm = make_mpi_communicator();
  test::check_all_sums_over_lanes(*comm, LaneMemory::private_memory, lanes, lane_counts);
}

TEST(LaneSums, by_messages_have_the_bits_of_the_tree) {
  const auto comm = make_mpi_communicator({.shared_memory = false});
  test::check_all_sums_over_lanes(*comm, LaneMemory::private_memory, lanes, lane_counts);
}

}  // namespace
}  // namespace rondo::comm
