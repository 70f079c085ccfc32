// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench lanes: what the fixed order of a sum costs.
#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "rondo/telemetry/step_log.hpp"

#include "common/run_main.hpp"
#include "rondo_bench/collective_options.hpp"
#include "rondo_bench/commands.hpp"
#include "rondo_bench/figures.hpp"
#include "rondo_bench/machine.hpp"

namespace rondo::bench {
namespace {

using comm::Collective;

struct LanesCommand {
  CollectiveOptions options = {.min_bytes = std::size_t{1} << 20,
                               .max_bytes = std::size_t{64} << 20};
  std::size_t lanes = 0;  ///< 0: one a rank
};

void declare(apps::Options& options, LanesCommand& command) {
  CollectiveOptions& values = command.options;
  options.group("What is measured");
  options.add(
      "collective", values.collective,
      {{"allreduce", Collective::allreduce}, {"reduce-scatter", Collective::reduce_scatter}},
      "which is done over lanes and over ranks");
  options.add("lanes", command.lanes, "of all ranks; default: one a rank");
  options.add_bytes("min", values.min_bytes, "least size of a sum").at_least(1);
  options.add_bytes("max", values.max_bytes, "greatest size");
  options.add("factor", values.factor, "from one size to the next").at_least(2);
  options.add("in-place", values.in_place, "the result replaces a sum; allreduce only");
  options.group("How");
  options.add("hot", values.race.hot, "use the same buffers again and again");
  options.add("warmup", values.race.warmup, "calls before anything else");
  options.add("repeats", values.race.repeats, "timed repeats of a size at the most").at_least(1);
  options.add("seconds", values.race.seconds, "time for the repeats of a size, about")
      .between(0, 3600);
  options.add("json", values.json, "append the figures to this file, one JSON object a line");
  options.example("mpirun -np 2 --bind-to core rondo-bench lanes --lanes 4 --in-place");
}

/// Memory of the communicator's, piece after piece, and from its begin again.
class Rotation {
 public:
  Rotation(comm::Communicator& comm, std::size_t bytes) : memory_(comm.allocate(bytes)) {}

  std::span<float> next(std::size_t count) {
    const auto all = memory_->bytes();
    if (used_ + count * sizeof(float) > all.size()) used_ = 0;
    const auto taken = all.subspan(used_, count * sizeof(float));
    used_ += round_up(taken.size(), cache_line_bytes);
    return {reinterpret_cast<float*>(taken.data()), count};
  }

 private:
  std::unique_ptr<comm::Memory> memory_;
  std::size_t used_ = 0;
};

/// Calls the sum over lanes. A rank that holds several partial sums has zeros in all but the first,
/// so that the result is that over ranks.
class FixedOrder {
 public:
  FixedOrder(comm::Communicator& comm, std::size_t lanes, std::size_t zeros_bytes)
      : comm_(comm),
        lanes_(lanes),
        own_(comm::covering_nodes(comm::lane_range(comm.rank(), comm.size(), lanes), lanes)),
        zeros_(comm, zeros_bytes) {}

  void call(Collective collective, const BufferSet& set) {
    const std::span sum(reinterpret_cast<const float*>(set.input.data()),
                        set.input.size() / sizeof(float));
    std::vector<comm::LaneNode> nodes;
    for (const comm::LaneRange lanes : own_)
      nodes.push_back({lanes, nodes.empty() ? sum : zeros_.next(sum.size())});
    comm_.run({.collective = collective == Collective::allreduce ? Collective::allreduce_lanes
                                                                 : Collective::reduce_scatter_lanes,
               .dtype = DType::f32,
               .output = set.output,
               .nodes = nodes,
               .lanes = lanes_});
  }

 private:
  comm::Communicator& comm_;
  std::size_t lanes_;
  std::vector<comm::LaneRange> own_;
  Rotation zeros_;
};

std::size_t most_nodes(int ranks, std::size_t lanes) {
  std::size_t most = 0;
  for (int rank = 0; rank < ranks; ++rank)
    most = std::max(most, comm::covering_nodes(comm::lane_range(rank, ranks, lanes), lanes).size());
  return most;
}

struct LaneFigures {
  Summary fast, fixed;
  double ratio;  ///< of fixed to fast
  std::size_t repeats;
  std::uint64_t wrong;
};

LaneFigures measure(comm::Communicator& comm, const CollectiveOptions& options, const Shape& shape,
                    Workload& buffers, FixedOrder& fixed_order) {
  const auto fast = [&](const BufferSet& set) {
    comm.run({.collective = shape.collective,
              .dtype = DType::f32,
              .input = set.input,
              .output = set.output});
  };
  const auto fixed = [&](const BufferSet& set) { fixed_order.call(shape.collective, set); };
  std::array contenders{Contender{.name = "fast", .buffers = &buffers, .call = fast},
                        Contender{.name = "fixed", .buffers = &buffers, .call = fixed}};
  const auto laps = race(comm, contenders, options.race);
  return {.fast = summarize(laps[0].seconds),
          .fixed = summarize(laps[1].seconds),
          .ratio = reference(laps[1], laps[0]).ratio,
          .repeats = laps[0].seconds.size(),
          .wrong = laps[0].wrong + laps[1].wrong};
}

void report(const comm::Communicator& comm, const LanesCommand& command, const Shape& shape,
            const LaneFigures& figures) {
  fmt::print("{:>11} {:>11.1f} {:>11.1f} {:>11.1f} {:>12.3f} {:>7}\n", shape.bytes(),
             1e6 * figures.fast.median, 1e6 * figures.fixed.median, 1e6 * figures.fixed.p99,
             figures.ratio, figures.wrong);
  if (command.options.json.empty()) return;
  telemetry::StepLog(command.options.json, telemetry::StepLog::Mode::append)
      .write({{"benchmark", "lanes"},
              {"collective", comm::name_of(shape.collective)},
              {"ranks", comm.size()},
              {"nodes", comm.place().nodes},
              {"lanes", command.lanes},
              {"in_place", shape.in_place},
              {"hot", command.options.race.hot},
              {"bytes", shape.bytes()},
              {"repeats", figures.repeats},
              {"fast_seconds", figures.fast.median},
              {"fixed_seconds", figures.fixed.median},
              {"ratio", figures.ratio},
              {"wrong", figures.wrong}});
}

void require_measurable(const LanesCommand& command, int ranks) {
  require_consistent(command.options, ranks);
  if (command.lanes < static_cast<std::size_t>(ranks))
    throw AgreedError(ExitCode::usage, fmt::format("--lanes is {}: each of {} ranks needs one",
                                                   command.lanes, ranks));
  if (command.options.in_place && command.options.collective != Collective::allreduce)
    throw AgreedError(ExitCode::usage, "--in-place is for --collective allreduce");
}

ExitCode run_lanes(comm::Communicator& comm, LanesCommand command) {
  const CollectiveOptions& options = command.options;
  if (command.lanes == 0) command.lanes = static_cast<std::size_t>(comm.size());
  require_measurable(command, comm.size());
  const std::size_t sums = most_nodes(comm.size(), command.lanes);
  const std::vector<Shape> shapes = shapes_of(options, comm.size());
  const std::size_t rotation = rotation_bytes(comm, options.race.hot);
  const auto arena = comm.allocate(rotation + Workload::set_bytes(shapes.back()));
  FixedOrder fixed_order(
      comm, command.lanes,
      (sums - 1) * (rotation + round_up(shapes.back().bytes(), cache_line_bytes)));
  const Pattern pattern(shapes.back(), comm::ReduceOp::sum, comm.rank(), 0);
  if (is_root(comm)) {
    fmt::print("{} over {} lanes, {} ranks on {} nodes, {} partial sums a rank at the most\n",
               comm::name_of(options.collective), command.lanes, comm.size(), comm.place().nodes,
               sums);
    fmt::print("{:>11} {:>11} {:>11} {:>11} {:>12} {:>7}\n", "bytes", "fast us", "fixed us",
               "p99 us", "fixed / fast", "wrong");
  }
  std::uint64_t wrong = 0;
  for (const Shape& shape : shapes) {
    Workload buffers(arena->bytes(), shape, &pattern, rotation / Workload::set_bytes(shape) + 1);
    const LaneFigures figures = measure(comm, options, shape, buffers, fixed_order);
    wrong += figures.wrong;
    if (is_root(comm)) report(comm, command, shape, figures);
  }
  return wrong == 0 ? ExitCode::ok : ExitCode::internal;
}

}  // namespace

int lanes_main(int argc, const char* const* argv) {
  LanesCommand command;
  apps::Options options("rondo-bench lanes",
                        "What it costs that a sum over lanes has the same bits on any number of "
                        "ranks, beside the fastest sum of as many bytes.");
  declare(options, command);
  return apps::run_mpi(options, argc, argv,
                       [&](comm::Communicator& comm) { return run_lanes(comm, command); });
}

}  // namespace rondo::bench
