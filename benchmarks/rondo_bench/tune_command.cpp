// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench tune: measures this job's ranks and writes the table that RONDO_TUNING names.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/atomic_file.hpp"
#include "rondo/base/error.hpp"
#include "rondo/comm/agree.hpp"
#include "rondo/comm/mpi_world.hpp"
#include "rondo/comm/tuning.hpp"

#include "common/run_main.hpp"
#include "rondo_bench/collective_bench.hpp"
#include "rondo_bench/commands.hpp"
#include "rondo_bench/tuned_parameters.hpp"
#include "rondo_bench/tuning_rules.hpp"

namespace rondo::bench {
namespace {

struct TuneOptions {
  std::filesystem::path output;
  CollectiveOptions measured{.max_bytes = std::size_t{64} << 20,
                             .algorithm = "all",
                             .compare = false,
                             .probe_limit = false,
                             .race = {.repeats = 51, .seconds = 1}};
  bool parameters = true;
};

void declare(apps::Options& options, TuneOptions& values) {
  CollectiveOptions& measured = values.measured;
  options.add("output", values.output, "the table, JSON; an existing file is replaced").required();
  options.group("What is measured");
  options.add_bytes("min", measured.min_bytes, "least size, of the longer buffer").at_least(1);
  options.add_bytes("max", measured.max_bytes, "greatest size");
  options.add("factor", measured.factor, "from one size to the next").at_least(2);
  options.add("parameters", values.parameters, "also where the algorithms themselves change");
  options.group("How");
  options.add("hot", measured.race.hot, "use the same buffers again and again");
  options.add("repeats", measured.race.repeats, "timed repeats of a size at the most").at_least(1);
  options.add("seconds", measured.race.seconds, "time for the repeats of a size, about")
      .between(0, 3600);
  options.example("mpirun -np 2 --bind-to core rondo-bench tune --output tuning.json");
  options.example("RONDO_TUNING=tuning.json mpirun -np 2 -x RONDO_TUNING rondo-train-image ...");
}

void require_right(const Figures& figures) {
  if (figures.wrong == 0) return;
  throw AgreedError(
      ExitCode::internal,
      fmt::format(
          "{} by {} of {} bytes left {} wrong elements: no table is written, please report it",
          comm::name_of(figures.shape.collective), comm::name_of(figures.algorithm),
          figures.shape.bytes(), figures.wrong));
}

/// \throws AgreedError  a result was wrong
std::vector<comm::TuningRule> measured_rules(comm::Communicator& comm,
                                             const CollectiveOptions& options) {
  const std::vector<Shape> shapes = shapes_of(options, comm.size());
  CollectiveBench bench(comm, options, shapes.back());
  std::vector<TimedAlgorithm> times;
  for (const Shape& shape : shapes) {
    for (const Figures& figures : bench.measure(shape)) {
      require_right(figures);
      if (figures.algorithm == comm::Algorithm::automatic) continue;
      times.push_back({.bytes = shape.bytes(),
                       .algorithm = figures.algorithm,
                       .seconds = figures.seconds.median});
    }
  }
  return rules_of(options.collective, comm.place(), times);
}

std::string text_of(const comm::TuningRule& rule) {
  const bool open = rule.max_bytes == std::numeric_limits<std::size_t>::max();
  return fmt::format("{:<16} {:<18} {}", comm::name_of(rule.collective),
                     comm::name_of(rule.algorithm),
                     open ? "beyond" : fmt::format("up to {} bytes", rule.max_bytes));
}

ExitCode run(comm::Communicator& world, const TuneOptions& options) {
  const auto report = [&](const std::string& line) {
    if (is_root(world)) fmt::print("{}\n", line), std::fflush(stdout);
  };
  require_consistent(options.measured, world.size());
  comm::Tuning tuning;
  if (options.parameters) tuning = tune_parameters(world, tuning, options.measured.race, report);

  const auto tuned =
      comm::make_mpi_communicator({.tuning = std::make_shared<const comm::Tuning>(tuning)});
  for (const comm::Collective collective :
       {comm::Collective::allreduce, comm::Collective::reduce_scatter, comm::Collective::allgather,
        comm::Collective::broadcast}) {
    CollectiveOptions measured = options.measured;
    measured.collective = collective;
    for (const comm::TuningRule& rule : measured_rules(*tuned, measured)) {
      report(text_of(rule));
      tuning.rules.push_back(rule);
    }
  }
  comm::agree_on_success(world, [&] {
    if (is_root(world)) write_file_atomically(options.output, comm::to_json(tuning));
  });
  return ExitCode::ok;
}

}  // namespace

int tune_main(int argc, const char* const* argv) {
  TuneOptions values;
  apps::Options options(
      "rondo-bench tune",
      "Measures which algorithm serves which size best for the ranks of this job, "
      "and writes the table that the environment variable RONDO_TUNING names.");
  declare(options, values);
  return apps::run_mpi(options, argc, argv,
                       [&](comm::Communicator& comm) { return run(comm, values); });
}

}  // namespace rondo::bench
