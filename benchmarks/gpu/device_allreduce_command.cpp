// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench-gpu allreduce.
#include <filesystem>

#include <fmt/format.h>

#include "rondo/base/exit_code.hpp"
#include "rondo/telemetry/step_log.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "gpu/device_allreduce.hpp"

namespace rondo::bench {
namespace {

struct Command {
  DeviceAllreduceOptions sum;
  std::filesystem::path json;
};

void declare(apps::Options& options, Command& command) {
  options.group("What is measured");
  options.add("path", command.sum.path,
              {{"automatic", comm::DevicePath::automatic},
               {"nccl", comm::DevicePath::nccl},
               {"cuda_aware", comm::DevicePath::cuda_aware},
               {"host_staged", comm::DevicePath::host_staged}},
              "how data gets from GPU to GPU; automatic: NCCL, or where ranks share a GPU an MPI "
              "that takes "
              "its memory, else the host's memory");
  options.add_bytes("bytes", command.sum.bytes, "that each rank adds, such as 64M").at_least(4);
  options.group("How");
  options.add("warmup", command.sum.race.warmup, "calls before the timed ones").at_least(1);
  options.add("repeats", command.sum.race.repeats, "timed calls; the median is the figure")
      .at_least(1);
  options.add("json", command.json, "append the figures to this file, one JSON object a line");
  options.example("mpirun -np 4 rondo-bench-gpu allreduce --path host_staged --json sums.ndjson");
}

void print(const Command& command, const DeviceAllreduceReport& report) {
  fmt::print("{}\n{:<12} {:<6} {:>5} {:>8} {:>9} {:>9} {:>8} {:>8} {:>6}\n", report.explanation,
             "path", "sum", "ranks", "MB", "ms", "p95", "GB/s", "bus GB/s", "wrong");
  for (const DeviceAllreduceFigures& figures : report.figures)
    fmt::print("{:<12} {:<6} {:>5} {:>8.1f} {:>9.3f} {:>9.3f} {:>8.2f} {:>8.2f} {:>6}\n",
               name_of(command.sum.path), figures.sum, figures.ranks,
               static_cast<double>(figures.bytes) / 1e6, figures.seconds.median * 1e3,
               figures.seconds.p95 * 1e3, figures.bytes_per_second() / 1e9,
               figures.bus_bytes_per_second() / 1e9, figures.wrong);
}

void write(const Command& command, const DeviceAllreduceReport& report) {
  if (command.json.empty()) return;
  telemetry::StepLog log(command.json, telemetry::StepLog::Mode::append);
  for (const DeviceAllreduceFigures& figures : report.figures)
    log.write({{"benchmark", "gpu allreduce"},
               {"path", name_of(command.sum.path)},
               {"explanation", report.explanation},
               {"sum", figures.sum},
               {"ranks", figures.ranks},
               {"bytes", figures.bytes},
               {"median_seconds", figures.seconds.median},
               {"minimum_seconds", figures.seconds.minimum},
               {"p95_seconds", figures.seconds.p95},
               {"bytes_per_second", figures.bytes_per_second()},
               {"bus_bytes_per_second", figures.bus_bytes_per_second()},
               {"wrong", figures.wrong}});
}

ExitCode run(comm::Communicator& comm, const Command& command) {
  const DeviceAllreduceReport report = measure_device_allreduce(comm, command.sum);
  if (comm::is_root(comm)) {
    print(command, report);
    write(command, report);
  }
  for (const DeviceAllreduceFigures& figures : report.figures)
    if (figures.wrong != 0) return ExitCode::internal;
  return ExitCode::ok;
}

}  // namespace

int device_allreduce_main(int argc, const char* const* argv) {
  Command command;
  apps::Options options("rondo-bench-gpu allreduce",
                        "Time and bandwidth of the sum over all ranks in the memory of their GPUs, "
                        "which ranks may share.");
  declare(options, command);
  return apps::run_mpi(options, argc, argv,
                       [&](comm::Communicator& comm) { return run(comm, command); });
}

}  // namespace rondo::bench
