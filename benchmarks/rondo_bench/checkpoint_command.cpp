// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench checkpoint: saving and loading beside the disk's own speed.
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "rondo/optim/optimizer.hpp"
#include "rondo/telemetry/step_log.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "rondo_bench/checkpoint_bench.hpp"
#include "rondo_bench/commands.hpp"

namespace rondo::bench {
namespace {

struct CheckpointCommand {
  CheckpointOptions options;
  std::filesystem::path json;
};

void declare(apps::Options& options, CheckpointCommand& command) {
  CheckpointOptions& measured = command.options;
  const auto names = optim::optimizer_names();
  options.group("What is measured");
  options.add("directory", measured.directory, "on the disk that is measured; it is left clean");
  SyntheticSession::Options& trained = measured.trained;
  options.add("parameters", trained.parameters, "of the synthetic model").at_least(25'000);
  options.add("optimizer", trained.optimizer, "whose slots are saved too")
      .one_of({names.begin(), names.end()});
  options.add("sharding", trained.sharding,
              {{"none", grad::Sharding::none},
               {"zero1", grad::Sharding::zero1},
               {"zero2", grad::Sharding::zero2}},
              "how the ranks hold them");
  options.add("save-writers", measured.writers,
              {{"auto", train::SaveWriters::automatic},
               {"one", train::SaveWriters::one},
               {"all", train::SaveWriters::all}},
              "ranks that write, as of rondo-train-image");
  options.add(
      "compute", trained.compute_seconds,
      "seconds of arithmetic in a step: how much saves slow training is measured, too, if it "
      "is not 0");
  options.add("steps-between-saves", measured.steps_between_saves, "of that training").at_least(1);
  options.group("How");
  options.add("repeats", measured.repeats, "rounds; medians are the figures").at_least(1);
  options.add("json", command.json, "append the figures to this file, one JSON object a run");
  options.example("mpirun -np 2 rondo-bench checkpoint --directory /scratch");
  options.example("mpirun -np 2 rondo-bench checkpoint --parameters 90000000  # 1 GiB");
}

void print_row(std::string_view what, const Summary& seconds, std::uintmax_t bytes) {
  fmt::print("{:<34} {:>9.1f} {:>9.1f} {:>9.0f}\n", what, 1e3 * seconds.median, 1e3 * seconds.p95,
             static_cast<double>(bytes) / 1e6 / seconds.median);
}

void print(const comm::Communicator& comm, const CheckpointOptions& options,
           const CheckpointFigures& figures) {
  fmt::print("checkpoint of {} parameters with {}, {} ranks, sharding {}, writers {}, {:.0f} MB\n",
             options.trained.parameters, options.trained.optimizer, comm.size(),
             name_of(options.trained.sharding), name_of(options.writers),
             static_cast<double>(figures.bytes) / 1e6);
  fmt::print("{:<34} {:>9} {:>9} {:>9}\n", "", "ms", "p95 ms", "MB/s");
  print_row("disk: write and fsync", figures.disk_write, figures.bytes);
  print_row("save in the foreground", figures.foreground, figures.bytes);
  print_row("save in the background: stall", figures.stall, figures.bytes);
  print_row("save in the background: on disk", figures.background, figures.bytes);
  print_row("disk: read", figures.disk_read, figures.bytes);
  print_row("load", figures.load, figures.bytes);
  fmt::print("saving / disk's write    {:.2f} of its speed\n", figures.write_ratio);
  fmt::print("stall / foreground save  {:.3f}\n", figures.stall_ratio);
  fmt::print("loading / disk's read    {:.2f} of its speed\n", figures.load_ratio);
  if (options.trained.compute_seconds > 0)
    fmt::print("{} steps, with a save    {:.1f} ms, without {:.1f} ms: slowed by {:.2f} %\n",
               options.steps_between_saves, 1e3 * figures.training.with.median,
               1e3 * figures.training.without.median, 100 * figures.training.slowdown);
  fmt::print("wrong                    {}\n", figures.wrong);
}

void write(const comm::Communicator& comm, const CheckpointCommand& command,
           const CheckpointFigures& figures) {
  telemetry::StepLog(command.json, telemetry::StepLog::Mode::append)
      .write({{"benchmark", "checkpoint"},
              {"ranks", comm.size()},
              {"parameters", command.options.trained.parameters},
              {"optimizer", command.options.trained.optimizer},
              {"sharding", name_of(command.options.trained.sharding)},
              {"save_writers", name_of(command.options.writers)},
              {"bytes", figures.bytes},
              {"disk_write_seconds", figures.disk_write.median},
              {"foreground_seconds", figures.foreground.median},
              {"stall_seconds", figures.stall.median},
              {"background_seconds", figures.background.median},
              {"disk_read_seconds", figures.disk_read.median},
              {"load_seconds", figures.load.median},
              {"write_ratio", figures.write_ratio},
              {"stall_ratio", figures.stall_ratio},
              {"load_ratio", figures.load_ratio},
              {"compute_seconds", command.options.trained.compute_seconds},
              {"steps_between_saves", command.options.steps_between_saves},
              {"training_with_seconds", figures.training.with.median},
              {"training_without_seconds", figures.training.without.median},
              {"slowdown", figures.training.slowdown},
              {"wrong", figures.wrong}});
}

ExitCode run_checkpoint(comm::Communicator& comm, const CheckpointCommand& command) {
  const CheckpointFigures figures = measure_checkpoint(comm, command.options);
  if (is_root(comm)) {
    print(comm, command.options, figures);
    if (!command.json.empty()) write(comm, command, figures);
  }
  return figures.wrong == 0 ? ExitCode::ok : ExitCode::internal;
}

}  // namespace

int checkpoint_main(int argc, const char* const* argv) {
  CheckpointCommand command;
  apps::Options options("rondo-bench checkpoint",
                        "Saving in the foreground and behind training, and loading, beside the "
                        "disk's own sequential speed in the same rounds.");
  declare(options, command);
  return apps::run_mpi(options, argc, argv,
                       [&](comm::Communicator& comm) { return run_checkpoint(comm, command); });
}

}  // namespace rondo::bench
