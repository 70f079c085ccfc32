// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/step.hpp"

#include "rondo_bench/step_loop.hpp"

namespace rondo::bench {

std::vector<double> measure_step(comm::Communicator& comm, const StepOptions& options) {
  StepLoop loop(comm, options);
  loop.warm_up(options.warmup);
  std::vector<double> rates;
  const auto samples = static_cast<double>(options.steps * options.lanes * options.batch);
  for (std::size_t r = 0; r < options.repeats; ++r)
    rates.push_back(samples / loop.time_steps(options.steps));
  return rates;
}

}  // namespace rondo::bench
