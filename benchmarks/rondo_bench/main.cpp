// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench: measures the parts of the library. One subcommand a question; METRICS.md defines
// every figure.

#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/exit_code.hpp"

#include "common/command_line.hpp"
#include "common/version.hpp"
#include "rondo_bench/commands.hpp"

namespace rondo::bench {
namespace {

constexpr const char* overview =
    "Measures the parts of the library.\n"
    "Usage: mpirun -np N rondo-bench COMMAND [OPTIONS]\n"
    "\n"
    "Commands:\n"
    "  allreduce        time and bandwidth beside the MPI library and the machine's limit\n"
    "  reduce-scatter   the same of reduce-scatter\n"
    "  allgather        the same of allgather\n"
    "  broadcast        the same of broadcast\n"
    "  checkpoint       saving and loading beside the disk's own speed\n"
    "  data             reading and decoding chunks, and what a trainer waits for its loader\n"
    "  lanes            what the fixed order of the sum over lanes costs\n"
    "  layers           a training step beside the sum of its layers' kernels\n"
    "  tune             writes the table by which the library chooses algorithms on this machine\n"
    "  overlap          how much of the gradients' reduction hides behind the backward pass\n"
    "  step             samples/s of the trainer's step without reading\n"
    "  optimizer        every update rule beside the limit of the machine's memory\n"
    "  update           a sharded step on one node: in one pass, and its three steps apart\n"
    "\n"
    "rondo-bench COMMAND --help describes the options of a command; --version this build.\n"
    "\n"
    "Example:\n"
    "  mpirun -np 2 --bind-to core rondo-bench allreduce --min 16K --max 64M\n";

constexpr std::array collectives{
    std::pair{"allreduce", comm::Collective::allreduce},
    std::pair{"reduce-scatter", comm::Collective::reduce_scatter},
    std::pair{"allgather", comm::Collective::allgather},
    std::pair{"broadcast", comm::Collective::broadcast},
};

int unknown(const std::string& command) {
  std::vector<std::string> names{"checkpoint", "data", "lanes", "layers", "optimizer",
                                 "overlap",    "step", "tune",  "update"};
  for (const auto& [name, collective] : collectives)
    names.emplace_back(name);
  fmt::print(stderr, "error: unknown command '{}'{}\n", command,
             apps::suggestion(command, names, ""));
  return static_cast<int>(ExitCode::usage);
}

int run(int argc, const char* const* argv) {
  if (argc < 2) {
    std::fputs(overview, stderr);
    return static_cast<int>(ExitCode::usage);
  }
  const std::string command = argv[1];
  if (command == "--help" || command == "-h") return std::fputs(overview, stdout), 0;
  if (command == "--version")
    return std::fputs(apps::version_text("rondo-bench").c_str(), stdout), 0;
  if (command == "checkpoint") return checkpoint_main(argc - 1, argv + 1);
  if (command == "data") return data_main(argc - 1, argv + 1);
  if (command == "lanes") return lanes_main(argc - 1, argv + 1);
  if (command == "layers") return layers_main(argc - 1, argv + 1);
  if (command == "overlap") return overlap_main(argc - 1, argv + 1);
  if (command == "optimizer") return optimizer_main(argc - 1, argv + 1);
  if (command == "step") return step_main(argc - 1, argv + 1);
  if (command == "tune") return tune_main(argc - 1, argv + 1);
  if (command == "update") return update_main(argc - 1, argv + 1);
  for (const auto& [name, collective] : collectives)
    if (command == name) return collective_main(collective, argc - 1, argv + 1);
  return unknown(command);
}

}  // namespace
}  // namespace rondo::bench

int main(int argc, char** argv) {
  return rondo::bench::run(argc, argv);
}
