// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/layers.hpp"

#include <numeric>
#include <span>

#include "rondo/telemetry/counters.hpp"

#include "rondo_bench/step_loop.hpp"

namespace rondo::bench {
namespace {

using Kernels = std::vector<nn::LayerKernel>;

/// Seconds of each kernel in `rounds` passes over all of them.
std::vector<double> time_in_turn(const Kernels& kernels, std::size_t rounds) {
  std::vector<double> seconds(kernels.size());
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t k = 0; k < kernels.size(); ++k) {
      const telemetry::Stopwatch stopwatch;
      kernels[k].run();
      seconds[k] += stopwatch.seconds();
    }
  }
  return seconds;
}

/// Seconds of each kernel run `rounds` times in a row.
std::vector<double> time_alone(const Kernels& kernels, std::size_t rounds) {
  std::vector<double> seconds;
  for (const nn::LayerKernel& kernel : kernels) {
    const telemetry::Stopwatch stopwatch;
    for (std::size_t round = 0; round < rounds; ++round)
      kernel.run();
    seconds.push_back(stopwatch.seconds());
  }
  return seconds;
}

/// Each of `seconds` divided by `steps`, and the slowest rank's.
void settle(comm::Communicator& comm, std::span<double> seconds, std::size_t steps) {
  for (double& value : seconds)
    value /= static_cast<double>(steps);
  comm::allreduce(comm, seconds, comm::ReduceOp::max);
}

double sum(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

void measure_steps(comm::Communicator& comm, StepLoop& loop, std::size_t steps, LayerTimes& times) {
  const StepLoop::Parts before = loop.parts();
  double seconds[3] = {loop.time_steps(steps), loop.parts().passes - before.passes,
                       loop.parts().update - before.update};
  settle(comm, seconds, steps);
  times.step.push_back(seconds[0]);
  times.passes.push_back(seconds[1]);
  times.update.push_back(seconds[2]);
}

void measure_kernels(comm::Communicator& comm, const Kernels& kernels, std::size_t rounds,
                     std::size_t steps, LayerTimes& times) {
  comm::barrier(comm);
  auto in_turn = time_in_turn(kernels, rounds);
  in_turn.push_back(sum(in_turn));
  comm::barrier(comm);
  auto alone = time_alone(kernels, rounds);
  alone.push_back(sum(alone));
  settle(comm, in_turn, steps);
  settle(comm, alone, steps);
  for (std::size_t k = 0; k < kernels.size(); ++k) {
    times.kernels[k].in_turn.push_back(in_turn[k]);
    times.kernels[k].alone.push_back(alone[k]);
  }
  times.in_turn.push_back(in_turn.back());
  times.alone.push_back(alone.back());
}

}  // namespace

LayerTimes measure_layers(comm::Communicator& comm, const StepOptions& options) {
  StepLoop loop(comm, options);
  loop.warm_up(options.warmup);
  const Kernels kernels = loop.network().kernels(options.batch);
  LayerTimes times;
  for (const nn::LayerKernel& kernel : kernels)
    times.kernels.push_back(
        {.layer = kernel.layer, .work = kernel.work, .in_turn = {}, .alone = {}});
  for (std::size_t r = 0; r < options.repeats; ++r) {
    measure_steps(comm, loop, options.steps, times);
    measure_kernels(comm, kernels, options.steps * loop.lanes(), options.steps, times);
  }
  return times;
}

}  // namespace rondo::bench
