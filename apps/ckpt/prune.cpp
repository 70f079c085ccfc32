// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/checkpoint/inspect.hpp"

#include "ckpt/commands.hpp"
#include "ckpt/locate.hpp"
#include "common/options.hpp"
#include "common/run_main.hpp"

namespace rondo::apps {
namespace {

struct PruneOptions {
  std::filesystem::path directory;
  checkpoint::Retention retention;
  bool dry_run = false;
};

ExitCode prune_directory(const PruneOptions& values) {
  const auto directory = checkpoints_meant(values.directory);
  const auto newest = checkpoint::find_newest(directory);
  if (!newest)
    throw IoError(ExitCode::missing_input,
                  fmt::format("{}: holds no checkpoint", directory.string()));
  ExitCode code = ExitCode::ok;
  for (const auto& old : checkpoint::superseded(directory, newest->step, values.retention)) {
    if (values.dry_run)
      fmt::print("would remove {}\n", old.directory.string());
    else if (checkpoint::remove(old))
      fmt::print("removed {}\n", old.directory.string());
    else
      code = ExitCode::io;
  }
  return code;
}

}  // namespace

int prune(int argc, const char* const* argv) {
  PruneOptions values;
  Options options("rondo-ckpt prune",
                  "Removes checkpoints of a run, counting back from the newest valid one, which is "
                  "verified first. What is later than that one stays. Not for a run that is "
                  "writing: its trainer has the same options.");
  options.add_positional("DIR", values.directory, "a run directory, or the checkpoints in it");
  options.add("keep", values.retention.newest, "as many of the newest stay").at_least(1);
  options.add("keep-every", values.retention.every,
              "besides those, all of steps that are multiples of this; 0: none");
  options.add("dry-run", values.dry_run, "only tell what would be removed");
  options.example("rondo-ckpt prune runs/first --keep 2 --keep-every 1000");
  return run_tool(options, argc, argv, [&] { return prune_directory(values); });
}

}  // namespace rondo::apps
