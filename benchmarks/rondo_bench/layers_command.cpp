// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench layers: a training step beside the sum of its layers' kernels.
#include <filesystem>

#include <fmt/format.h>

#include "rondo/nn/network_spec.hpp"
#include "rondo/telemetry/step_log.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "measure/statistics.hpp"
#include "rondo_bench/commands.hpp"
#include "rondo_bench/layers.hpp"

namespace rondo::bench {
namespace {

struct LayersCommand {
  StepOptions options{.lanes = 8, .batch = 32};
  std::filesystem::path json;
};

void declare(apps::Options& options, LayersCommand& command) {
  StepOptions& step = command.options;
  options.group("What is measured");
  options.add("model", step.model, "network, on 1x28x28 images").one_of(nn::model_names());
  options.add("precision", step.precision, {{"f32", Precision::f32}, {"bf16", Precision::bf16}},
              "type in which the layers compute");
  options.add("reduce", step.reduction,
              {{"fast", grad::Reduction::fast}, {"fixed", grad::Reduction::fixed}},
              "order of the gradient sum");
  options.add("lanes", step.lanes, "micro-batches a step").at_least(1);
  options.add("batch", step.batch, "samples of a micro-batch").at_least(1);
  options.add("threads", step.threads, "threads a rank").between(1, 4096);
  options.group("How");
  options.add("warmup", step.warmup, "steps before the clock runs").at_least(1);
  options.add("steps", step.steps, "steps in one repeat").at_least(1);
  options.add("repeats", step.repeats, "repeats of steps and kernels, in turns").at_least(1);
  options.add("json", command.json, "append the figures to this file, one JSON object a run");
  options.example("mpirun -np 2 --bind-to core rondo-bench layers --precision bf16");
}

void print_row(const std::string& name, std::span<const double> seconds,
               std::span<const double> step) {
  const Summary summary = summarize(seconds);
  fmt::print("{:<26} {:>10.1f} {:>10.1f} {:>10.4f}\n", name, 1e6 * summary.median,
             1e6 * summary.minimum, median_ratio(seconds, step));
}

/// What `whole` has more than `part`, repeat by repeat.
std::vector<double> difference(std::span<const double> whole, std::span<const double> part) {
  std::vector<double> rest(whole.begin(), whole.end());
  for (std::size_t i = 0; i < rest.size(); ++i)
    rest[i] -= part[i];
  return rest;
}

void print(const comm::Communicator& comm, const StepOptions& options, const LayerTimes& times) {
  fmt::print("layers {} {}, {} ranks x {} threads, {}, {} lanes x {}, {}; microseconds a step\n",
             options.model, name_of(options.precision), comm.size(), options.threads,
             apps::binding_text(), options.lanes, options.batch, name_of(options.reduction));
  fmt::print("{:<26} {:>10} {:>10} {:>10}\n", "", "median", "min", "of step");
  for (const KernelTimes& kernel : times.kernels) {
    print_row(kernel.layer + " " + kernel.work, kernel.in_turn, times.step);
    print_row("  alone", kernel.alone, times.step);
  }
  print_row("kernels in turn", times.in_turn, times.step);
  print_row("kernels alone", times.alone, times.step);
  print_row("passes", times.passes, times.step);
  print_row("  besides kernels", difference(times.passes, times.in_turn), times.step);
  print_row("reduction's rest, update", times.update, times.step);
  print_row("step", times.step, times.step);
}

ExitCode run_layers(comm::Communicator& comm, const LayersCommand& command) {
  const StepOptions& options = command.options;
  const LayerTimes times = measure_layers(comm, options);
  if (!is_root(comm)) return ExitCode::ok;
  print(comm, options, times);
  if (!command.json.empty())
    telemetry::StepLog(command.json, telemetry::StepLog::Mode::append)
        .write({{"benchmark", "layers"},
                {"model", options.model},
                {"precision", name_of(options.precision)},
                {"reduce", name_of(options.reduction)},
                {"ranks", comm.size()},
                {"threads", options.threads},
                {"binding", apps::binding_text()},
                {"lanes", options.lanes},
                {"batch", options.batch},
                {"step_seconds", summarize(times.step).median},
                {"in_turn_of_step", median_ratio(times.in_turn, times.step)},
                {"alone_of_step", median_ratio(times.alone, times.step)},
                {"update_seconds", summarize(times.update).median}});
  return ExitCode::ok;
}

}  // namespace

int layers_main(int argc, const char* const* argv) {
  LayersCommand command;
  apps::Options options("rondo-bench layers",
                        "The trainer's step beside the sum of its layers' kernels.");
  declare(options, command);
  return apps::run_mpi(options, argc, argv,
                       [&](comm::Communicator& comm) { return run_layers(comm, command); });
}

}  // namespace rondo::bench
