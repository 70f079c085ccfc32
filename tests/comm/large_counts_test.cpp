// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <mpi.h>

#include "rondo/comm/mpi_world.hpp"

/// More elements than an int can count, of one byte each so that they fit into memory.
namespace rondo::comm {
namespace {

constexpr std::size_t count = (std::size_t{1} << 31) + 17;

std::size_t available_gib() {
  std::ifstream meminfo("/proc/meminfo");
  std::string key;
  std::size_t kib = 0;
  for (std::string unit; meminfo >> key >> kib;) {
    std::getline(meminfo, unit);
    if (key == "MemAvailable:") return kib >> 20;
  }
  return 0;
}

/// Whether this machine has room for all ranks' buffers and some more; equal on all ranks.
bool has_room(int ranks) {
  int room = available_gib() >= static_cast<std::size_t>(ranks) * 3 + 2 ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &room, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return room != 0;
}

/// Differs between any two neighbours, and between elements 2^31 or 2^32 apart.
std::uint8_t planted(std::size_t i) {
  return static_cast<std::uint8_t>(i ^ (i >> 8) ^ (i >> 24));
}

/// The number of elements that are not `factor` times the planted ones.
std::size_t count_wrong(const std::vector<std::uint8_t>& data, unsigned factor) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < data.size(); ++i)
    wrong += data[i] != static_cast<std::uint8_t>(factor * planted(i)) ? 1 : 0;
  return wrong;
}

TEST(LargeCounts, of_more_than_an_int_arrive_whole) {
  const auto comm = make_mpi_communicator();
  if (!has_room(comm->size()))
    GTEST_SKIP() << "needs " << comm->size() * 3 + 2 << " GiB of free memory, there are "
                 << available_gib();
  std::vector<std::uint8_t> data(count);
  if (comm->rank() == 0) {
    for (std::size_t i = 0; i < count; ++i)
      data[i] = planted(i);
  }

  broadcast(*comm, std::span<std::uint8_t>(data), 0);
  EXPECT_EQ(count_wrong(data, 1), 0U);

  allreduce(*comm, std::span<std::uint8_t>(data), ReduceOp::sum);
  EXPECT_EQ(count_wrong(data, static_cast<unsigned>(comm->size())), 0U);
}

}  // namespace
}  // namespace rondo::comm
