// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "rondo/grad/layout.hpp"
#include "rondo/telemetry/counters.hpp"

#include "measure/statistics.hpp"

namespace rondo::scale {
namespace {

using scaling::Constant;

constexpr std::size_t lengths[] = {std::size_t{1} << 12, std::size_t{1} << 18, std::size_t{1} << 20,
                                   std::size_t{1} << 22, std::size_t{1} << 24};

/// A sum, of so many in a row without a pause, on the slowest rank. Collective.
double sum_seconds(comm::Communicator& comm, std::span<float> data, int in_a_row) {
  comm::barrier(comm);
  const telemetry::Stopwatch stopwatch;
  for (int i = 0; i < in_a_row; ++i)
    comm::allreduce(comm, data, comm::ReduceOp::sum);
  double seconds = stopwatch.seconds() / in_a_row;
  comm::allreduce(comm, std::span(&seconds, 1), comm::ReduceOp::max);
  return seconds;
}

/// The usual sum of so many bytes, as in the middle of a step: links that lend a rest some speed
/// have none, and get none. Collective.
double usual_sum_seconds(comm::Communicator& comm, std::span<float> data) {
  constexpr double tiring_seconds = 0.1;
  constexpr double measured_seconds = 0.05;
  constexpr int repeats = 5;
  const auto in = [](double seconds, double each) {
    return static_cast<int>(std::ceil(seconds / each));
  };
  const double first = sum_seconds(comm, data, in(tiring_seconds, sum_seconds(comm, data, 1)));
  std::vector<double> all;
  for (int i = 0; i < repeats; ++i)
    all.push_back(sum_seconds(comm, data, in(measured_seconds, first)));
  return bench::summarize(all).median;
}

bool is_on_one_node(const std::vector<int>& nodes) {
  return std::ranges::all_of(nodes, [&](int node) { return node == nodes.front(); });
}

/// What measurements between nodes, or inside of one, tell.
std::vector<Constant> constants_of(std::span<const scaling::Measurement> measurements) {
  std::vector<Constant> constants{Constant::reduction_rate};
  for (const bool inside : {true, false}) {
    const auto tells = [inside](const scaling::Measurement& measurement) {
      return is_on_one_node(measurement.nodes) == inside;
    };
    if (!std::ranges::any_of(measurements, tells)) continue;
    constants.push_back(inside ? Constant::node_latency : Constant::network_latency);
    if (!inside) constants.push_back(Constant::network_bandwidth);
  }
  return constants;
}

/// The buckets of a step as calls, ready when the backward pass has completed them.
std::vector<scaling::SimulatedCall> calls_of(const ModelWork& model, int ranks,
                                             std::size_t bucket_bytes, double share) {
  const grad::Layout layout(parameters_of(model), {.bucket_bytes = bucket_bytes, .ranks = ranks});
  std::vector<double> ready(layout.buckets().size());
  double now = 0;
  for (const LayerWork& layer : model.layers)
    now += share * layer.forward_seconds;
  std::size_t parameter = layout.specs().size();
  for (auto layer = model.layers.rbegin(); layer != model.layers.rend(); ++layer) {
    now += share * layer->backward_seconds;
    if (layer->elements == 0) continue;
    const grad::ElementRange touched = layout.buckets_of(layout.parameter(--parameter));
    std::fill(ready.begin() + static_cast<std::ptrdiff_t>(touched.begin),
              ready.begin() + static_cast<std::ptrdiff_t>(touched.end), now);
  }
  ready.back() = now;  // it carries the step's sums
  std::vector<scaling::SimulatedCall> calls;
  for (std::size_t b = 0; b < ready.size(); ++b)
    calls.push_back({.bytes = layout.buckets()[b].size() * sizeof(float), .ready = ready[b]});
  return calls;
}

}  // namespace

std::vector<int> gather_nodes(comm::Communicator& comm) {
  const std::int32_t own = comm.place().node;
  std::vector<std::int32_t> all(static_cast<std::size_t>(comm.size()));
  comm::allgather(comm, std::span(&own, 1), std::span(all));
  return {all.begin(), all.end()};
}

void Forecaster::learn(comm::Communicator& comm) {
  const std::vector<int> nodes = gather_nodes(comm);
  const auto memory = comm.allocate(lengths[std::size(lengths) - 1]);
  for (const std::size_t bytes : lengths) {
    const auto data = memory->bytes().first(bytes);
    const double seconds =
        usual_sum_seconds(comm, {reinterpret_cast<float*>(data.data()), bytes / sizeof(float)});
    measurements_.push_back({.nodes = nodes, .call = {.bytes = bytes}, .seconds = seconds});
    if (seconds > 0.1) break;  // bandwidth is all that longer ones would tell
  }
}

std::optional<Prediction> Forecaster::predict(const ModelWork& model, const std::vector<int>& nodes,
                                              std::size_t bucket_bytes, double share) const {
  if (measurements_.empty() || !alone_seconds_) return std::nullopt;
  const scaling::Fit fit = fit_machine(measurements_, {}, constants_of(measurements_));
  const auto calls = calls_of(model, static_cast<int>(nodes.size()), bucket_bytes, share);
  const scaling::Simulation simulation =
      simulate({.machine = fit.machine(), .nodes = nodes}, calls);
  const double pass = calls.back().ready;
  const double rest = *alone_seconds_ - model.seconds();  // clearing, measuring, updating
  const double step = rest + std::max(pass, simulation.calls.back().end);
  return Prediction{.step_seconds = step, .efficiency = share * *alone_seconds_ / step};
}

}  // namespace rondo::scale
