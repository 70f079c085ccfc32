// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "rondo/comm/communicator.hpp"

#include "rondo_bench/workload.hpp"

namespace rondo::bench {

/// One way to do what is measured. Every rank has the same ones in the same order.
struct Contender {
  std::string name;
  Workload* buffers = nullptr;  ///< may be shared with other contenders
  std::function<void(const BufferSet&)> call;
};

struct RaceOptions {
  std::size_t warmup = 5;     ///< calls of each contender
  std::size_t repeats = 101;  ///< at most
  double seconds = 2;         ///< the repeats of all contenders together take about so long
  bool hot = false;           ///< one set of buffers
};

struct Lap {
  std::vector<double> seconds;  ///< of one call, by repeat, on the slowest rank
  std::size_t batch = 1;        ///< calls behind each of them
  std::uint64_t wrong = 0;      ///< elements, on all ranks
};

/// Measures the contenders in turn, one repeat of each after the other, as METRICS.md tells.
///
/// First and last, apart from the clock, each contender works through all its sets of buffers, and
/// every element is verified. Collective; equal results on all ranks, in the contenders' order.
std::vector<Lap> race(comm::Communicator& comm, std::span<Contender> contenders,
                      const RaceOptions& options);

}  // namespace rondo::bench
