// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench overlap: how much of the gradients' reduction hides behind the backward pass.
#include <filesystem>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "rondo/grad/bucket_size.hpp"
#include "rondo/telemetry/step_log.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "rondo_bench/commands.hpp"
#include "rondo_bench/overlap.hpp"
#include "rondo_bench/sharded_overlap.hpp"

namespace rondo::bench {
namespace {

struct OverlapCommand {
  OverlapOptions options;
  std::optional<double> ratio;
  std::int64_t poll_microseconds = 500;
  comm::Progress progress = comm::Progress::caller;
  std::filesystem::path json;
};

void declare(apps::Options& options, OverlapCommand& command) {
  OverlapOptions& overlap = command.options;
  options.group("What is measured");
  options.add_bytes("bytes", overlap.gradient_bytes, "gradients").at_least(4);
  options.add("parameters", overlap.parameters, "of equal size").at_least(1);
  options
      .add_bytes("bucket", overlap.bucket_bytes,
                 "length of a bucket; default: measured, as in a session")
      .at_least(4);
  options.add("sharding", overlap.sharding,
              {{"none", grad::Sharding::none},
               {"zero1", grad::Sharding::zero1},
               {"zero2", grad::Sharding::zero2}},
              "whole steps of a sharded trainer: values gathered in the step, and in the next "
              "forward pass");
  options.add("reduce", overlap.reduction,
              {{"fast", grad::Reduction::fast}, {"fixed", grad::Reduction::fixed}},
              "order of the gradient sum");
  options
      .add("ratio", command.ratio,
           "communication / computation; default: 0.25, 0.5, 0.75 and 1 in turn")
      .between(0.01, 100);
  options.add("backward", overlap.backward,
              {{"clock", Backward::clock}, {"arithmetic", Backward::arithmetic}},
              "ends at its time, or after a fixed number of operations");
  options
      .add("poll", command.poll_microseconds,
           "microseconds that the backward pass computes between two looks after the collectives")
      .at_least(1);
  options.add("progress", command.progress,
              {{"caller", comm::Progress::caller}, {"thread", comm::Progress::thread}},
              "who advances the collectives");
  options.group("How");
  options.add("warmup", overlap.warmup, "steps before anything else");
  options.add("repeats", overlap.repeats, "repeats; the median is the figure").at_least(1);
  options.add("json", command.json, "append the figures to this file, one JSON object a ratio");
  options.example("mpirun -np 2 rondo-bench overlap --bytes 64M --backward arithmetic");
}

void print(const OverlapFigures& figures) {
  fmt::print("{:>6.2f} {:>15.1f} {:>15.1f} {:>11.1f} {:>11.1f} {:>14.3f} {:>7}\n", figures.ratio,
             1e3 * figures.communication.median, 1e3 * figures.computation.median,
             1e3 * figures.step.median, 1e3 * figures.step.p95, figures.over_bound, figures.wrong);
}

void append(const std::filesystem::path& file, comm::Communicator& comm,
            const OverlapCommand& command, const OverlapFigures& figures) {
  telemetry::StepLog(file, telemetry::StepLog::Mode::append)
      .write({{"benchmark", "overlap"},
              {"ranks", comm.size()},
              {"nodes", comm.place().nodes},
              {"bytes", command.options.gradient_bytes},
              {"parameters", command.options.parameters},
              {"bucket_bytes", *command.options.bucket_bytes},
              {"backward", command.options.backward == Backward::clock ? "clock" : "arithmetic"},
              {"poll_microseconds", command.poll_microseconds},
              {"progress", command.progress == comm::Progress::thread ? "thread" : "caller"},
              {"reduce", name_of(command.options.reduction)},
              {"ratio", figures.ratio},
              {"communication_seconds", figures.communication.median},
              {"computation_seconds", figures.computation.median},
              {"step_seconds", figures.step.median},
              {"over_bound", figures.over_bound},
              {"wrong", figures.wrong}});
}

void print(const ShardedFigures& figures) {
  fmt::print(
      "{:>6.2f} {:>15.1f} {:>15.1f} {:>11.1f} {:>11.1f} {:>11.1f} {:>8.3f} {:>14.3f} {:>7}\n",
      figures.ratio, 1e3 * figures.communication.median, 1e3 * figures.computation.median,
      1e3 * figures.in_step.median, 1e3 * figures.in_forward.median, 1e3 * figures.in_forward.p95,
      figures.gain, figures.over_bound, figures.wrong);
}

void append(const std::filesystem::path& file, comm::Communicator& comm,
            const OverlapCommand& command, const ShardedFigures& figures) {
  telemetry::StepLog(file, telemetry::StepLog::Mode::append)
      .write({{"benchmark", "overlap"},
              {"ranks", comm.size()},
              {"nodes", comm.place().nodes},
              {"bytes", command.options.gradient_bytes},
              {"bucket_bytes", *command.options.bucket_bytes},
              {"sharding", name_of(command.options.sharding)},
              {"reduce", name_of(command.options.reduction)},
              {"ratio", figures.ratio},
              {"communication_seconds", figures.communication.median},
              {"computation_seconds", figures.computation.median},
              {"in_step_seconds", figures.in_step.median},
              {"in_forward_seconds", figures.in_forward.median},
              {"gain", figures.gain},
              {"over_bound", figures.over_bound},
              {"wrong", figures.wrong}});
}

void print_head(const comm::Communicator& comm, const OverlapCommand& command,
                const grad::BucketSize& bucket) {
  fmt::print(
      "overlap, {} ranks on {} nodes, {}, {} of gradients in {} parameters, buckets of {} ({})\n",
      comm.size(), comm.place().nodes, apps::binding_text(), command.options.gradient_bytes,
      command.options.parameters, bucket.bytes, bucket.reason);
  if (command.options.sharding == grad::Sharding::none)
    fmt::print("{:>6} {:>15} {:>15} {:>11} {:>11} {:>14} {:>7}\n", "ratio", "communication",
               "computation", "step", "p95 [ms]", "step / bound", "wrong");
  else
    fmt::print("{:>6} {:>15} {:>15} {:>11} {:>11} {:>11} {:>8} {:>14} {:>7}\n", "ratio",
               "communication", "computation", "in step", "in forward", "p95 [ms]", "gain",
               "step / bound", "wrong");
}

template <class Figures>
ExitCode report(comm::Communicator& comm, const OverlapCommand& command,
                const std::vector<Figures>& all) {
  std::uint64_t wrong = 0;
  for (const Figures& figures : all) {
    wrong += figures.wrong;
    if (!is_root(comm)) continue;
    print(figures);
    if (!command.json.empty()) append(command.json, comm, command, figures);
  }
  return wrong == 0 ? ExitCode::ok : ExitCode::internal;
}

ExitCode run_overlap(comm::Communicator& comm, OverlapCommand command) {
  OverlapOptions& options = command.options;
  options.poll_interval = std::chrono::microseconds(command.poll_microseconds);
  if (command.ratio) options.ratios = {*command.ratio};
  const grad::BucketSize bucket = options.bucket_bytes
                                      ? grad::BucketSize{*options.bucket_bytes, "given"}
                                      : grad::measure_bucket_size(comm, options.gradient_bytes);
  options.bucket_bytes = bucket.bytes;

  if (is_root(comm)) print_head(comm, command, bucket);
  if (options.sharding == grad::Sharding::none)
    return report(comm, command, measure_overlap(comm, options));
  return report(comm, command, measure_sharded_overlap(comm, options));
}

}  // namespace

int overlap_main(int argc, const char* const* argv) {
  OverlapCommand command;
  apps::Options options("rondo-bench overlap",
                        "How much of the gradients' reduction hides behind a backward pass of "
                        "known length.");
  declare(options, command);
  return apps::run_mpi(
      options, argc, argv, [&](comm::Communicator& comm) { return run_overlap(comm, command); },
      [&] { return comm::CommunicatorOptions{.progress = command.progress}; });
}

}  // namespace rondo::bench
