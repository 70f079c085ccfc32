// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/checkpoint_slowdown.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "rondo/comm/communicator.hpp"
#include "rondo/telemetry/counters.hpp"

namespace rondo::bench {

SlowdownFigures measure_slowdown(comm::Communicator& comm, SyntheticSession& trainer,
                                 const train::SessionSaver::Options& saving, std::size_t steps,
                                 std::size_t repeats) {
  train::SessionSaver saver(comm, saving);
  std::uint64_t saves = 0;
  const auto seconds_of = [&](bool with_save) {
    comm::barrier(comm);
    const telemetry::Stopwatch stopwatch;
    if (with_save) saver.save(trainer.session(), ++saves, {});
    for (std::size_t i = 0; i < steps; ++i)
      trainer.step();
    saver.finish();  // at once, unless it takes longer than the steps
    double seconds = stopwatch.seconds();
    comm::allreduce(comm, std::span(&seconds, 1), comm::ReduceOp::max);
    return seconds;
  };
  seconds_of(true);  // the copy's memory is made once
  std::vector<double> with;
  std::vector<double> without;
  for (std::size_t i = 0; i < repeats; ++i) {
    const bool with_first = i % 2 == 0;
    const double first = seconds_of(with_first);
    const double second = seconds_of(!with_first);
    with.push_back(with_first ? first : second);
    without.push_back(with_first ? second : first);
  }
  return {summarize(without), summarize(with), median_ratio(with, without) - 1};
}

}  // namespace rondo::bench
