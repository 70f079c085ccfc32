// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench allreduce, reduce-scatter, allgather and broadcast.
#include <string>
#include <vector>

#include <fmt/format.h>

#include "common/run_main.hpp"
#include "rondo_bench/collective_bench.hpp"
#include "rondo_bench/collective_options.hpp"
#include "rondo_bench/collective_report.hpp"
#include "rondo_bench/commands.hpp"

namespace rondo::bench {
namespace {

/// "reduce-scatter", as the command is called.
std::string command_name(comm::Collective collective) {
  std::string name(comm::name_of(collective));
  for (char& letter : name)
    if (letter == '_') letter = '-';
  return name;
}

ExitCode run(comm::Communicator& comm, const CollectiveOptions& options) {
  require_consistent(options, comm.size());
  const std::vector<Shape> shapes = shapes_of(options, comm.size());
  CollectiveReport report(comm, options);
  CollectiveBench bench(comm, options, shapes.back());

  std::vector<Figures> all;
  std::uint64_t wrong = 0;
  for (const Shape& shape : shapes) {
    for (const Figures& figures : bench.measure(shape)) {
      report.add(figures);
      wrong += figures.wrong;
      all.push_back(figures);
    }
    if (options.explain) report.note(bench.explain(shape));
  }
  if (const auto choice = judge_choice(all)) report.add(*choice);
  if (wrong > 0) report.note(fmt::format("{} elements were WRONG", wrong));
  return wrong == 0 ? ExitCode::ok : ExitCode::internal;
}

}  // namespace

int collective_main(comm::Collective collective, int argc, const char* const* argv) {
  CollectiveOptions values{.collective = collective};
  const std::string name = command_name(collective);
  apps::Options options(
      "rondo-bench " + name,
      fmt::format(
          "Time and bandwidth of {} between the ranks, beside the MPI library's own and the "
          "machine's limit.",
          name));
  declare(options, values);
  return apps::run_mpi(options, argc, argv,
                       [&](comm::Communicator& comm) { return run(comm, values); });
}

}  // namespace rondo::bench
