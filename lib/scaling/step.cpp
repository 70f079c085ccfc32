// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/scaling/step.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/grad/layout.hpp"

namespace rondo::scaling {
namespace {

constexpr double backward_over_forward = 2;

double forward_seconds(const ModelRow& row, const ComputeSpeed& compute) {
  const double work = row.forward_flops * static_cast<double>(compute.samples);
  return std::max(work / compute.flops, compute.row_seconds);
}

double backward_seconds(const ModelRow& row, const ComputeSpeed& compute) {
  const double work =
      backward_over_forward * row.forward_flops * static_cast<double>(compute.samples);
  return std::max(work / compute.flops, compute.row_seconds);
}

/// Of all rows, one lane.
double pass_seconds(const ModelTable& model, const ComputeSpeed& compute) {
  double seconds = 0;
  for (const ModelRow& row : model.rows)
    seconds += forward_seconds(row, compute) + backward_seconds(row, compute);
  return seconds;
}

/// Rows that have parameters, and when the last lane's backward pass is through with each.
struct Gradients {
  std::vector<ParameterSpec> specs;
  std::vector<double> complete;
};

Gradients gradients_of(const ModelTable& model, const ComputeSpeed& compute, std::size_t lanes) {
  double clock = static_cast<double>(lanes) * pass_seconds(model, compute);
  Gradients gradients;
  // The backward pass ends with the first row: what it is through with earlier lies behind that.
  for (const ModelRow& row : model.rows) {
    if (row.elements > 0) {
      gradients.specs.push_back({.name = row.name, .shape = {row.elements}});
      gradients.complete.push_back(clock);
    }
    clock -= backward_seconds(row, compute);
  }
  return gradients;
}

Knob changed(const StepOptions& base, std::string name, void (*change)(StepOptions&)) {
  Knob knob{.name = std::move(name), .options = base};
  change(knob.options);
  return knob;
}

std::vector<Knob> knobs_of(const StepOptions& base) {
  std::vector<Knob> knobs;
  for (const std::size_t mebibytes : {1, 4, 16, 64}) {
    Knob knob{.name = fmt::format("buckets of {} MiB", mebibytes), .options = base};
    knob.options.bucket_bytes = mebibytes << 20;
    if (knob.options.bucket_bytes != base.bucket_bytes) knobs.push_back(std::move(knob));
  }
  for (const std::size_t factor : {2, 4}) {
    Knob knob{.name = fmt::format("{} lanes a rank", factor * base.lanes), .options = base};
    knob.options.lanes *= factor;
    knobs.push_back(std::move(knob));
  }
  if (base.memory == NodeMemory::shared)
    knobs.push_back(changed(base, "no shared memory, no hierarchy",
                            [](StepOptions& o) { o.memory = NodeMemory::unused; }));
  else
    knobs.push_back(changed(base, "shared memory, hierarchy",
                            [](StepOptions& o) { o.memory = NodeMemory::shared; }));
  if (base.call.wire != comm::Wire::bf16)
    knobs.push_back(
        changed(base, "bf16 on the wire", [](StepOptions& o) { o.call.wire = comm::Wire::bf16; }));
  return knobs;
}

}  // namespace

double StepTime::communication_seconds() const {
  double sum = 0;
  for (const BucketTime& bucket : buckets)
    sum += bucket.end - bucket.begin;
  return sum;
}

std::vector<BucketTime> bucket_times(const ModelTable& model, const ComputeSpeed& compute,
                                     const StepOptions& options, int ranks) {
  std::vector<BucketTime> times;
  if (ranks == 1) return times;
  Gradients gradients = gradients_of(model, compute, options.lanes);
  const grad::Layout layout(std::move(gradients.specs),
                            {.bucket_bytes = options.bucket_bytes, .ranks = ranks});
  for (const grad::ElementRange bucket : layout.buckets()) {
    // The trailer, and what pads it, is there at the end of the step.
    double ready = bucket.end > layout.trailer() ? gradients.complete.front() : 0;
    for (std::size_t i = 0; i < gradients.complete.size(); ++i) {
      const auto range = layout.parameter(i);
      if (range.begin < bucket.end && bucket.begin < range.end)
        ready = std::max(ready, gradients.complete[i]);
    }
    times.push_back({.bytes = bucket.size() * sizeof(float), .ready = ready});
  }
  return times;
}

StepTime simulate_step(const ModelTable& model, const ComputeSpeed& compute, const Machine& machine,
                       const std::vector<int>& nodes, const StepOptions& options) {
  require(compute.flops > 0 && compute.row_seconds >= 0 && compute.samples > 0,
          "a rank computes at some speed, and at least one sample");
  require(options.lanes > 0, "a rank computes at least one lane");
  StepTime step{.compute_seconds =
                    static_cast<double>(options.lanes) * pass_seconds(model, compute)};
  step.seconds = step.compute_seconds;
  step.buckets = bucket_times(model, compute, options, static_cast<int>(nodes.size()));
  std::vector<SimulatedCall> calls;
  for (const BucketTime& bucket : step.buckets)
    calls.push_back({.bytes = bucket.bytes, .options = options.call, .ready = bucket.ready});
  const Simulation simulation =
      simulate({.machine = machine, .nodes = nodes, .memory = options.memory}, calls);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    step.buckets[i].begin = simulation.calls[i].begin;
    step.buckets[i].end = simulation.calls[i].end;
    step.seconds = std::max(step.seconds, step.buckets[i].end);
  }
  step.events = simulation.events;
  return step;
}

std::vector<ScalingPoint> weak_scaling(const ModelTable& model, const ComputeSpeed& compute,
                                       const Machine& machine, int ranks_per_node,
                                       std::span<const int> ranks, const StepOptions& options) {
  std::vector<ScalingPoint> points;
  for (const int count : ranks)
    points.push_back({count, simulate_step(model, compute, machine,
                                           equal_nodes(count, ranks_per_node), options)});
  return points;
}

std::vector<Knob> compare_knobs(const ModelTable& model, const ComputeSpeed& compute,
                                const Machine& machine, const std::vector<int>& nodes,
                                const StepOptions& base) {
  std::vector<Knob> knobs = knobs_of(base);
  knobs.insert(knobs.begin(), {.name = "as it is", .options = base});
  for (Knob& knob : knobs)
    knob.time = simulate_step(model, compute, machine, nodes, knob.options);
  std::ranges::stable_sort(knobs.begin() + 1, knobs.end(), std::ranges::greater{},
                           [](const Knob& knob) { return knob.time.efficiency(); });
  return knobs;
}

}  // namespace rondo::scaling
