// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "rondo/scaling/simulation.hpp"

namespace rondo::scaling {

/// A number of a Machine that can be fitted. Latencies and bandwidths by level; the reduction rate
/// is the core's, skew the whole job's.
enum class Constant : std::uint8_t {
  reduction_rate,
  node_latency,
  node_bandwidth,
  node_overhead,
  network_latency,
  network_bandwidth,
  network_overhead,
  skew
};

/// "network latency"
std::string_view name_of(Constant constant);
double& value_of(Machine& machine, Constant constant);

/// What a collective call by these ranks took, once all were ready for it: a mean over many.
struct Measurement {
  std::vector<int> nodes;
  NodeMemory memory = NodeMemory::shared;
  SimulatedCall call = {};
  double seconds = 0;
};

struct FittedConstant {
  Constant constant{};
  double value = 0;
  double relative_error = 0;  ///< one standard deviation; large where the measurements do not tell
};

struct Prediction {
  double seconds = 0;
  double relative_error = 0;  ///< one standard deviation: of the constants, and of a measurement
};

/// A machine that explains measurements, and how well.
class Fit {
 public:
  Fit(Machine machine, std::vector<FittedConstant> constants, std::vector<double> covariance,
      double scatter)
      : machine_(machine),
        constants_(std::move(constants)),
        covariance_(std::move(covariance)),
        scatter_(scatter) {}

  const Machine& machine() const noexcept { return machine_; }
  std::span<const FittedConstant> constants() const noexcept { return constants_; }
  /// Relative, of a measurement about the model: one standard deviation.
  double scatter() const noexcept { return scatter_; }

  /// What `measurement`, whose seconds are not looked at, would take. \throws as simulate()
  Prediction predict(const Measurement& measurement) const;

 private:
  Machine machine_;
  std::vector<FittedConstant> constants_;
  std::vector<double> covariance_;  // of the constants' logarithms, row by row
  double scatter_;
};

/// What the simulator says for `measurement` on `machine`. \throws as simulate()
double simulated_seconds(const Machine& machine, const Measurement& measurement);

/// The machine, from `start` on, whose simulated times have the least sum of squared relative
/// differences from the measured ones. Only `constants` change; all of them must be above 0 in
/// `start`. Deterministic. Local. \throws UsageError  fewer measurements than constants, or one
/// without time  \throws as simulate()
Fit fit_machine(std::span<const Measurement> measurements, const Machine& start,
                std::span<const Constant> constants);

}  // namespace rondo::scaling
