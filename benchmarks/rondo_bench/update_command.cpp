// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench update: reduction, update and gather of a sharded step, apart and in one pass.
#include <filesystem>

#include <fmt/format.h>

#include "rondo/optim/optimizer.hpp"
#include "rondo/telemetry/step_log.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "rondo_bench/commands.hpp"
#include "rondo_bench/update.hpp"

namespace rondo::bench {
namespace {

struct UpdateCommand {
  UpdateOptions options;
  std::filesystem::path json;
};

void declare(apps::Options& options, UpdateCommand& command) {
  UpdateOptions& update = command.options;
  const auto names = optim::optimizer_names();
  options.group("What is measured");
  options.add_bytes("bytes", update.gradient_bytes, "gradients").at_least(4);
  options.add("parameters", update.parameters, "of equal size").at_least(1);
  options.add_bytes("bucket", update.bucket_bytes, "length of a bucket").at_least(4);
  options.add("optimizer", update.optimizer, "update rule").one_of({names.begin(), names.end()});
  options.add("reduce", update.reduction,
              {{"fast", grad::Reduction::fast}, {"fixed", grad::Reduction::fixed}},
              "order of the gradient sum");
  options.group("How");
  options.add("warmup", update.warmup, "steps before anything else");
  options.add("repeats", update.repeats, "repeats; the median is the figure").at_least(1);
  options.add("json", command.json, "append the figures to this file, one JSON object a run");
  options.example("mpirun -np 2 --bind-to core rondo-bench update --bytes 64M --reduce fixed");
}

void report(const comm::Communicator& comm, const UpdateCommand& command,
            const UpdateFigures& figures) {
  const UpdateOptions& options = command.options;
  fmt::print("update {}, {} ranks, {} bytes of gradients, {}\n", options.optimizer, comm.size(),
             options.gradient_bytes, name_of(options.reduction));
  fmt::print("{:>10} {:>11} {:>13} {:>16} {:>7}\n", "apart ms", "one pass ms", "p95 ms",
             "one pass / apart", "wrong");
  fmt::print("{:>10.2f} {:>11.2f} {:>13.2f} {:>16.3f} {:>7}\n", 1e3 * figures.apart.median,
             1e3 * figures.one_pass.median, 1e3 * figures.one_pass.p95, figures.ratio,
             figures.wrong);
  if (command.json.empty()) return;
  telemetry::StepLog(command.json, telemetry::StepLog::Mode::append)
      .write({{"benchmark", "update"},
              {"ranks", comm.size()},
              {"bytes", options.gradient_bytes},
              {"bucket_bytes", options.bucket_bytes},
              {"optimizer", options.optimizer},
              {"reduce", name_of(options.reduction)},
              {"apart_seconds", figures.apart.median},
              {"one_pass_seconds", figures.one_pass.median},
              {"ratio", figures.ratio},
              {"wrong", figures.wrong}});
}

ExitCode run_update(comm::Communicator& comm, const UpdateCommand& command) {
  const UpdateFigures figures = measure_update(comm, command.options);
  if (is_root(comm)) report(comm, command, figures);
  return figures.wrong == 0 ? ExitCode::ok : ExitCode::internal;
}

}  // namespace

int update_main(int argc, const char* const* argv) {
  UpdateCommand command;
  apps::Options options("rondo-bench update",
                        "What it spares that a rank stores new values straight into the memory of "
                        "its node's ranks, beside reduction, update and gather.");
  declare(options, command);
  return apps::run_mpi(options, argc, argv,
                       [&](comm::Communicator& comm) { return run_update(comm, command); });
}

}  // namespace rondo::bench
