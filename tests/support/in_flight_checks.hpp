// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/comm/communicator.hpp"

#include "support/collective_checks.hpp"

/// Several operations under way at once.
namespace rondo::test {

/// Sums of `depth` buffers of many lengths, a broadcast after each of them: all are started before
/// any is waited for, and `end` ends them on this rank. Collective.
inline void check_in_flight(
    comm::Communicator& comm, std::size_t depth,
    const std::function<void(std::vector<std::unique_ptr<comm::Work>>&)>& end) {
  std::vector<std::vector<double>> sums;
  std::vector<int> words;
  for (std::size_t i = 0; i < depth; ++i) {
    sums.push_back(planted_data<double>(comm.rank(), i * 977 % 20'011, i));
    words.push_back(comm.rank());
  }
  std::vector<std::unique_ptr<comm::Work>> works;
  for (std::size_t i = 0; i < depth; ++i) {
    works.push_back(comm.allreduce(std::as_writable_bytes(std::span(sums[i])), DType::f64,
                                   comm::ReduceOp::sum));
    const int root = static_cast<int>(i) % comm.size();
    works.push_back(comm.broadcast(std::as_writable_bytes(std::span(&words[i], 1)), root));
  }

  end(works);

  for (std::size_t i = 0; i < depth; ++i) {
    expect_reduction(sums[i], comm::ReduceOp::sum, comm.size(), i, "in flight");
    EXPECT_EQ(words[i], static_cast<int>(i) % comm.size());
  }
}

/// Ranks end the same operations in different ways: each agrees with the others' all the same.
inline void check_in_flight_in_all_ways(comm::Communicator& comm) {
  const auto in_order = [&](auto& works) {
    for (auto& work : works)
      comm::wait(comm, *work);
  };
  const auto last_first = [&](auto& works) {
    for (auto work = works.rbegin(); work != works.rend(); ++work)
      comm::wait(comm, **work);
  };
  const auto by_destruction = [](auto& works) { works.clear(); };
  for (const std::size_t depth : {1UL, 4UL, 32UL}) {
    if (comm.rank() % 3 == 0)
      check_in_flight(comm, depth, in_order);
    else if (comm.rank() % 3 == 1)
      check_in_flight(comm, depth, last_first);
    else
      check_in_flight(comm, depth, by_destruction);
  }
}

}  // namespace rondo::test
