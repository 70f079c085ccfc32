// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <gtest/gtest.h>

#include "rondo/comm/communicator.hpp"

/// Groups of ranks. All are collective.
namespace rondo::test {

/// The numbers that the ranks of `comm` hold, in their order.
inline std::vector<int> gathered(comm::Communicator& comm, int own) {
  std::vector<int> all(static_cast<std::size_t>(comm.size()));
  comm::allgather(comm, std::span<const int>(&own, 1), std::span<int>(all));
  return all;
}

/// Even and odd ranks, each group from its highest rank to its lowest.
inline void check_split_by_color(comm::Communicator& comm) {
  const int color = comm.rank() % 2;
  std::vector<int> expected;
  for (int rank = comm.size() - 1; rank >= 0; --rank) {
    if (rank % 2 == color) expected.push_back(rank);
  }

  const auto part = comm.split(color, -comm.rank());

  EXPECT_EQ(part->time_limit(), comm.time_limit());
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_EQ(gathered(*part, comm.rank()), expected);
    EXPECT_EQ(gathered(comm, comm.rank()).back(), comm.size() - 1);
  }
}

/// Equal keys keep the order of ranks; the last rank belongs to no part.
inline void check_split_with_negative_color(comm::Communicator& comm) {
  const bool belongs = comm.rank() != comm.size() - 1;

  const auto part = comm.split(belongs ? 7 : -1, 0);

  EXPECT_EQ(part != nullptr, belongs);
  if (part) {
    EXPECT_EQ(part->size(), comm.size() - 1);
    EXPECT_EQ(part->rank(), comm.rank());
    EXPECT_EQ(gathered(*part, comm.rank()).front(), 0);
  }
  comm::barrier(comm);
}

/// Parts and the whole have operations under way at once.
inline void check_split_by_node(comm::Communicator& comm) {
  const auto part = comm.split(comm.place().node, comm.rank());

  EXPECT_EQ(part->place().nodes, 1);
  EXPECT_EQ(part->size(), comm.place().node_size);
  EXPECT_EQ(part->rank(), comm.place().node_rank);
  std::vector<float> of_part(1000, 1.0F);
  std::vector<float> of_whole(1000, 1.0F);
  const auto whole_work =
      comm.allreduce(std::as_writable_bytes(std::span(of_whole)), DType::f32, comm::ReduceOp::sum);
  const auto part_work =
      part->allreduce(std::as_writable_bytes(std::span(of_part)), DType::f32, comm::ReduceOp::sum);
  comm::wait(*part, *part_work);
  comm::wait(comm, *whole_work);
  EXPECT_EQ(of_part, std::vector<float>(1000, static_cast<float>(part->size())));
  EXPECT_EQ(of_whole, std::vector<float>(1000, static_cast<float>(comm.size())));
}

inline void check_splits(comm::Communicator& comm) {
  check_split_by_color(comm);
  check_split_with_negative_color(comm);
  check_split_by_node(comm);
}

}  // namespace rondo::test
