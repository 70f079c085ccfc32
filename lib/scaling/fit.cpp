// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/scaling/fit.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "scaling/least_squares.hpp"

namespace rondo::scaling {
namespace {

/// Calls in one simulation: the mean over them has the typical latenesses of all ranks in it.
constexpr std::size_t repeats = 8;

Machine machine_with(Machine machine, std::span<const FittedConstant> constants,
                     std::span<const double> logarithms) {
  for (std::size_t i = 0; i < constants.size(); ++i)
    value_of(machine, constants[i].constant) = std::exp(logarithms[i]);
  return machine;
}

std::vector<double> logarithms_of(Machine machine, std::span<const FittedConstant> constants) {
  std::vector<double> logarithms;
  for (const FittedConstant& fitted : constants) {
    const double value = value_of(machine, fitted.constant);
    if (!(value > 0))
      throw UsageError(fmt::format("the fit of {} starts at {}: begin with a guess above 0",
                                   name_of(fitted.constant), value));
    logarithms.push_back(std::log(value));
  }
  return logarithms;
}

void check(std::span<const Measurement> measurements, std::size_t constants) {
  if (measurements.size() < constants)
    throw UsageError(
        fmt::format("{} measurements cannot tell {} constants", measurements.size(), constants));
  for (const Measurement& measurement : measurements)
    require(measurement.seconds > 0 && std::isfinite(measurement.seconds),
            "a measurement took no time");
}

}  // namespace

std::string_view name_of(Constant constant) {
  switch (constant) {
    case Constant::reduction_rate: return "reduction rate";
    case Constant::node_latency: return "node latency";
    case Constant::node_bandwidth: return "node bandwidth";
    case Constant::node_overhead: return "node overhead";
    case Constant::network_latency: return "network latency";
    case Constant::network_bandwidth: return "network bandwidth";
    case Constant::network_overhead: return "network overhead";
    case Constant::skew: return "skew";
  }
  return "?";
}

double& value_of(Machine& machine, Constant constant) {
  switch (constant) {
    case Constant::reduction_rate: return machine.reduction_rate;
    case Constant::node_latency: return machine.node.latency;
    case Constant::node_bandwidth: return machine.node.bandwidth;
    case Constant::node_overhead: return machine.node.overhead;
    case Constant::network_latency: return machine.network.latency;
    case Constant::network_bandwidth: return machine.network.bandwidth;
    case Constant::network_overhead: return machine.network.overhead;
    case Constant::skew: return machine.skew;
  }
  throw UsageError("there is no such constant");
}

double simulated_seconds(const Machine& machine, const Measurement& measurement) {
  const Job job{.machine = machine, .nodes = measurement.nodes, .memory = measurement.memory};
  if (machine.skew == 0) return simulate(job, std::span(&measurement.call, 1)).calls[0].end;
  // So far apart that no call waits for an earlier one.
  constexpr double apart = 1e4;
  std::vector<SimulatedCall> calls(repeats, measurement.call);
  for (std::size_t i = 0; i < repeats; ++i)
    calls[i].ready = static_cast<double>(i) * apart;
  const Simulation simulation = simulate(job, calls);
  double sum = 0;
  for (std::size_t i = 0; i < repeats; ++i)
    sum += simulation.calls[i].end - calls[i].ready;
  return sum / static_cast<double>(repeats);
}

Fit fit_machine(std::span<const Measurement> measurements, const Machine& start,
                std::span<const Constant> constants) {
  check(measurements, constants.size());
  std::vector<FittedConstant> fitted;
  for (const Constant constant : constants)
    fitted.push_back({.constant = constant});
  const Residuals residuals = [&](std::span<const double> logarithms) {
    const Machine machine = machine_with(start, fitted, logarithms);
    std::vector<double> differences;
    for (const Measurement& measurement : measurements)
      differences.push_back(
          std::log(simulated_seconds(machine, measurement) / measurement.seconds));
    return differences;
  };
  const LeastSquares found = least_squares(residuals, logarithms_of(start, fitted));
  for (std::size_t i = 0; i < fitted.size(); ++i) {
    fitted[i].value = std::exp(found.parameters[i]);
    fitted[i].relative_error = std::sqrt(found.covariance[i * fitted.size() + i]);
  }
  const Machine machine = machine_with(start, fitted, found.parameters);
  return {machine, std::move(fitted), found.covariance, std::sqrt(found.variance)};
}

Prediction Fit::predict(const Measurement& measurement) const {
  const Residuals logarithm = [&](std::span<const double> logarithms) {
    const Machine machine = machine_with(machine_, constants_, logarithms);
    return std::vector{std::log(simulated_seconds(machine, measurement))};
  };
  const auto slopes = derivatives_of(logarithm, logarithms_of(machine_, constants_), 1e-3);
  double variance = scatter_ * scatter_;
  for (std::size_t i = 0; i < slopes.size(); ++i) {
    for (std::size_t j = 0; j < slopes.size(); ++j)
      variance += slopes[i] * covariance_[i * slopes.size() + j] * slopes[j];
  }
  return {simulated_seconds(machine_, measurement), std::sqrt(variance)};
}

}  // namespace rondo::scaling
