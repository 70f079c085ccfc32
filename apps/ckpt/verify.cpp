// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
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

struct Verdict {
  std::filesystem::path directory;
  std::string problem;  ///< empty: valid
  std::size_t tensors = 0;
  std::uint64_t state_bytes = 0;
};

Verdict verdict_on(const std::filesystem::path& directory) {
  try {
    const checkpoint::Contents contents = checkpoint::verify(directory);
    return {directory, {}, contents.tensors.size(), contents.state_bytes};
  } catch (const IoError& e) {
    return {.directory = directory, .problem = e.what()};
  }
}

/// \throws IoError  missing_input: there is nothing to verify
std::vector<Verdict> verdicts_on(const std::filesystem::path& argument) {
  if (is_checkpoint(argument)) {
    const auto directory = checkpoint_meant(argument);
    if (!std::filesystem::exists(directory))
      throw IoError(ExitCode::missing_input,
                    fmt::format("{}: no such checkpoint", directory.string()));
    return {verdict_on(directory)};
  }
  const auto directory = checkpoints_meant(argument);
  std::vector<Verdict> verdicts;
  for (const checkpoint::Committed& committed : checkpoint::list_committed(directory))
    verdicts.push_back(verdict_on(committed.directory));
  if (verdicts.empty())
    throw IoError(ExitCode::missing_input,
                  fmt::format("{}: holds no checkpoint", directory.string()));
  return verdicts;
}

void print_text(const std::vector<Verdict>& verdicts) {
  for (const Verdict& verdict : verdicts) {
    if (verdict.problem.empty())
      fmt::print("{}: valid: {} tensors, {}\n", verdict.directory.string(), verdict.tensors,
                 size_text(verdict.state_bytes));
    else
      fmt::print("{}: invalid: {}\n", verdict.directory.string(), printable(verdict.problem));
  }
}

void print_json(const std::vector<Verdict>& verdicts) {
  auto json = nlohmann::ordered_json::array();
  for (const Verdict& verdict : verdicts)
    json.push_back(
        entry_of(verdict.directory, {{"valid", verdict.problem.empty()}}, verdict.problem));
  print(json);
}

}  // namespace

int verify(int argc, const char* const* argv) {
  std::filesystem::path argument;
  bool json = false;
  Options options("rondo-ckpt verify",
                  "Reads all of a checkpoint, or of all checkpoints of a run, and compares every "
                  "hash. Ends with 0 if all are valid, with 65 otherwise.");
  options.add_positional("CKPT", argument, "a checkpoint, a directory of them, or a run");
  options.add("json", json, "for programs to read");
  options.example("rondo-ckpt verify runs/first");
  return run_tool(options, argc, argv, [&] {
    const std::vector<Verdict> verdicts = verdicts_on(argument);
    json ? print_json(verdicts) : print_text(verdicts);
    for (const Verdict& verdict : verdicts)
      if (!verdict.problem.empty()) return ExitCode::bad_content;
    return ExitCode::ok;
  });
}

}  // namespace rondo::apps
