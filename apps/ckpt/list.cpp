// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"
#include "rondo/base/printable.hpp"
#include "rondo/checkpoint/inspect.hpp"

#include "ckpt/commands.hpp"
#include "ckpt/json_output.hpp"
#include "ckpt/locate.hpp"
#include "ckpt/text.hpp"
#include "common/options.hpp"
#include "common/run_main.hpp"

namespace rondo::apps {
namespace {

struct Listed {
  checkpoint::Committed committed;
  std::optional<checkpoint::Contents> contents;
  std::string problem;  ///< why there are no contents
};

std::vector<Listed> list_all(const std::filesystem::path& directory) {
  std::vector<Listed> all;
  for (const checkpoint::Committed& committed : checkpoint::list_committed(directory)) {
    Listed listed{committed, std::nullopt, {}};
    try {
      listed.contents = checkpoint::describe(committed.directory);
    } catch (const IoError& e) {
      listed.problem = e.what();
    }
    all.push_back(std::move(listed));
  }
  return all;
}

void print_text(const std::vector<Listed>& all) {
  if (all.empty())
    fmt::print("no checkpoints\n");
  else
    fmt::print("{:>12}{:>12}{:>9}  {:<21} {}\n", "step", "size", "tensors", "written", "directory");
  for (const Listed& listed : all) {
    if (listed.contents)
      fmt::print("{:>12}{:>12}{:>9}  {:<21} {}\n", listed.committed.step,
                 size_text(listed.contents->state_bytes), listed.contents->tensors.size(),
                 written_text(listed.committed.directory), listed.committed.directory.string());
    else
      fmt::print("{:>12}  invalid: {}\n", listed.committed.step, printable(listed.problem));
  }
}

void print_json(const std::vector<Listed>& all) {
  auto json = nlohmann::ordered_json::array();
  for (const Listed& listed : all) {
    nlohmann::ordered_json said{{"step", listed.committed.step}};
    if (listed.contents) {
      said["state_bytes"] = listed.contents->state_bytes;
      said["tensors"] = listed.contents->tensors.size();
      said["written"] = written_text(listed.committed.directory);
    }
    json.push_back(entry_of(listed.committed.directory, said, listed.problem));
  }
  print(json);
}

}  // namespace

int list(int argc, const char* const* argv) {
  std::filesystem::path directory;
  bool json = false;
  Options options("rondo-ckpt list",
                  "Lists the checkpoints of a run, newest first, by their manifests alone: verify "
                  "reads the tensors too.");
  options.add_positional("DIR", directory, "a run directory, or the checkpoints in it");
  options.add("json", json, "for programs to read");
  options.example("rondo-ckpt list runs/first");
  return run_tool(options, argc, argv, [&] {
    const std::vector<Listed> all = list_all(checkpoints_meant(directory));
    json ? print_json(all) : print_text(all);
    return ExitCode::ok;
  });
}

}  // namespace rondo::apps
