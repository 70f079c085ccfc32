// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/hash.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "rondo/checkpoint/inspect.hpp"

#include "ckpt/commands.hpp"
#include "ckpt/locate.hpp"
#include "common/options.hpp"
#include "common/run_main.hpp"

namespace rondo::apps {

int hash(int argc, const char* const* argv) {
  std::filesystem::path checkpoint;
  Options options("rondo-ckpt hash",
                  "Prints the hash of a checkpoint's parameters, verified: that which a trainer "
                  "prints at its end, equal for equal runs.");
  options.add_positional("CKPT", checkpoint,
                         "a checkpoint, or a run whose newest valid one is meant");
  options.example("rondo-ckpt hash runs/first");
  return run_tool(options, argc, argv, [&] {
    const checkpoint::Reader reader = open_meant(checkpoint);
    fmt::print("{}\n", to_hex(checkpoint::parameters_hash(reader)));
    return ExitCode::ok;
  });
}

}  // namespace rondo::apps
