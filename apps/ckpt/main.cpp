// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// rondo-ckpt: looks into checkpoints, compares, exports and removes them.

#include "ckpt/commands.hpp"
#include "common/subcommands.hpp"

namespace rondo::apps {
namespace {

constexpr const char* overview =
    "Looks into checkpoints, compares, exports and removes them.\n"
    "Usage: rondo-ckpt COMMAND [OPTIONS]\n"
    "\n"
    "Commands:\n"
    "  list DIR          the checkpoints of a run, by their manifests\n"
    "  show CKPT         steps, options and tensors of one\n"
    "  verify CKPT|DIR   read all and compare every hash\n"
    "  diff A B          tensor by tensor: equal, or how far apart\n"
    "  hash CKPT         of the parameters, as a trainer prints it at its end\n"
    "  export CKPT FILE  the parameters as a safetensors file\n"
    "  prune DIR         remove all but the newest few, and those of chosen steps\n"
    "\n"
    "DIR is a run directory, or the checkpoints in it. CKPT is a checkpoint, the link latest, or a "
    "DIR,\n"
    "whose newest valid checkpoint is meant.\n"
    "rondo-ckpt COMMAND --help describes the options of a command; --version this build.\n"
    "\n"
    "Example:\n"
    "  rondo-ckpt verify runs/first\n"
    "  rondo-ckpt diff runs/first/checkpoints/step-00000100 runs/second\n"
    "  rondo-ckpt export runs/first first.safetensors\n";

}  // namespace
}  // namespace rondo::apps

int main(int argc, char** argv) {
  using namespace rondo::apps;
  return run_command({.program = "rondo-ckpt",
                      .noun = "command",
                      .overview = overview,
                      .table = {{"diff", diff},
                                {"export", export_tensors},
                                {"hash", hash},
                                {"list", list},
                                {"prune", prune},
                                {"show", show},
                                {"verify", verify}}},
                     argc, argv);
}
