// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rondo/base/hash.hpp"
#include "rondo/base/printable.hpp"
#include "rondo/checkpoint/inspect.hpp"
#include "rondo/telemetry/progress.hpp"

#include "ckpt/commands.hpp"
#include "ckpt/json_output.hpp"
#include "ckpt/locate.hpp"
#include "ckpt/text.hpp"
#include "common/options.hpp"
#include "common/run_main.hpp"
#include "common/table.hpp"

namespace rondo::apps {
namespace {

using checkpoint::Contents;
using checkpoint::TensorEntry;

std::string shortened(const std::string& text) {
  constexpr std::size_t most = 100;
  if (text.size() <= most) return text;
  return fmt::format("{} ... ({} bytes; --json shows all)", text.substr(0, most), text.size());
}

std::size_t elements_of(const Contents& contents) {
  std::size_t elements = 0;
  for (const TensorEntry& tensor : contents.tensors)
    elements += element_count(tensor.shape);
  return elements;
}

void print_text(const Contents& contents) {
  std::vector<TableRow> rows{
      {"directory", contents.directory.string()},
      {"step", fmt::format("{}", contents.step)},
      {"written", written_text(contents.directory)},
      {"size", size_text(contents.state_bytes)},
      {"format version", fmt::format("{}", contents.version)},
      {"tensors",
       fmt::format("{} of {} elements", contents.tensors.size(),
                   telemetry::with_thousands(static_cast<double>(elements_of(contents))))}};
  for (const auto& [key, value] : contents.metadata)
    rows.emplace_back(key, shortened(value));
  fmt::print("{}\n", key_value_table(rows));
  std::size_t width = 6;
  for (const TensorEntry& tensor : contents.tensors)
    width = std::max(width, printable(tensor.name).size());
  fmt::print("{:<{}}  {:<16}  {:<20}\n", "tensor", width, "xxh3", "f32 shape");
  for (const TensorEntry& tensor : contents.tensors)
    fmt::print("{:<{}}  {:<16}  {}\n", printable(tensor.name), width, to_hex(tensor.hash),
               shape_text(tensor.shape));
}

void print_json(const Contents& contents) {
  nlohmann::ordered_json json{{"directory", contents.directory.string()},
                              {"step", contents.step},
                              {"written", written_text(contents.directory)},
                              {"state_bytes", contents.state_bytes},
                              {"version", contents.version},
                              {"metadata", contents.metadata},
                              {"tensors", nlohmann::json::array()}};
  for (const TensorEntry& tensor : contents.tensors)
    json["tensors"].push_back({{"name", tensor.name},
                               {"dtype", "f32"},
                               {"shape", tensor.shape},
                               {"xxh3", to_hex(tensor.hash)}});
  print(json);
}

}  // namespace

int show(int argc, const char* const* argv) {
  std::filesystem::path checkpoint;
  bool json = false;
  Options options("rondo-ckpt show",
                  "Tells steps, options and tensors of a checkpoint, by its manifest alone.");
  options.add_positional("CKPT", checkpoint,
                         "a checkpoint, or a run whose newest valid one is meant");
  options.add("json", json, "for programs to read");
  options.example("rondo-ckpt show runs/first/checkpoints/latest");
  return run_tool(options, argc, argv, [&] {
    const Contents contents = checkpoint::describe(checkpoint_meant(checkpoint));
    json ? print_json(contents) : print_text(contents);
    return ExitCode::ok;
  });
}

}  // namespace rondo::apps
