// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench step: the trainer's step without reading data.
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "rondo/grad/compression.hpp"
#include "rondo/nn/network_spec.hpp"
#include "rondo/telemetry/step_log.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "measure/statistics.hpp"
#include "rondo_bench/commands.hpp"
#include "rondo_bench/step.hpp"

namespace rondo::bench {
namespace {

struct StepCommand {
  StepOptions options;
  std::filesystem::path json;
};

void declare(apps::Options& options, StepCommand& command) {
  StepOptions& step = command.options;
  options.group("What is measured");
  options.add("model", step.model, "network, on 1x28x28 images").one_of(nn::model_names());
  options.add("precision", step.precision,
              {{"f32", Precision::f32}, {"bf16", Precision::bf16}, {"f16", Precision::f16}},
              "type in which the layers compute");
  options.add("reduce", step.reduction,
              {{"fast", grad::Reduction::fast}, {"fixed", grad::Reduction::fixed}},
              "order of the gradient sum");
  options.add("compression", step.compression, "how gradients travel")
      .one_of({grad::compression_names().begin(), grad::compression_names().end()});
  options
      .add_bytes("bucket", step.bucket_bytes,
                 "length of a bucket; default: measured, as in a session")
      .at_least(4);
  options.add("lanes", step.lanes, "micro-batches a step").at_least(1);
  options.add("batch", step.batch, "samples of a micro-batch").at_least(1);
  options.add("threads", step.threads, "threads a rank").between(1, 4096);
  options.group("How");
  options.add("warmup", step.warmup, "steps before the clock runs").at_least(1);
  options.add("steps", step.steps, "steps in one repeat").at_least(1);
  options.add("repeats", step.repeats, "repeats; the median is the figure").at_least(1);
  options.add("json", command.json, "append the figures to this file, one JSON object a run");
  options.example("mpirun -np 2 rondo-bench step --precision bf16 --lanes 2 --batch 64");
}

ExitCode run_step(comm::Communicator& comm, const StepCommand& command) {
  const StepOptions& options = command.options;
  const std::vector<double> rates = measure_step(comm, options);
  if (!is_root(comm)) return ExitCode::ok;

  const Summary summary = summarize(rates);
  fmt::print(
      "step {} {}, {} ranks x {} threads, {}, {} lanes x {}, {}, compression {}: median {:.0f} "
      "samples/s (min {:.0f}, p95 {:.0f}, {} repeats of {} steps)\n",
      options.model, name_of(options.precision), comm.size(), options.threads, apps::binding_text(),
      options.lanes, options.batch, name_of(options.reduction), options.compression, summary.median,
      summary.minimum, summary.p95, options.repeats, options.steps);
  if (!command.json.empty())
    telemetry::StepLog(command.json, telemetry::StepLog::Mode::append)
        .write({{"benchmark", "step"},
                {"model", options.model},
                {"precision", name_of(options.precision)},
                {"reduce", name_of(options.reduction)},
                {"compression", options.compression},
                {"ranks", comm.size()},
                {"threads", options.threads},
                {"binding", apps::binding_text()},
                {"lanes", options.lanes},
                {"batch", options.batch},
                {"samples_per_second", summary.median},
                {"minimum", summary.minimum},
                {"p95", summary.p95}});
  return ExitCode::ok;
}

}  // namespace

int step_main(int argc, const char* const* argv) {
  StepCommand command;
  apps::Options options(
      "rondo-bench step",
      "Samples/s of the trainer's step: forward, backward, reduction, optimizer.");
  declare(options, command);
  return apps::run_mpi(options, argc, argv,
                       [&](comm::Communicator& comm) { return run_step(comm, command); });
}

}  // namespace rondo::bench
