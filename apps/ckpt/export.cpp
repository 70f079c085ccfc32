// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/checkpoint/inspect.hpp"

#include "ckpt/commands.hpp"
#include "ckpt/locate.hpp"
#include "ckpt/safetensors.hpp"
#include "common/options.hpp"
#include "common/run_main.hpp"
#include "common/version.hpp"

namespace rondo::apps {
namespace {

struct ExportOptions {
  std::filesystem::path checkpoint;
  std::filesystem::path file;
  bool all = false;
};

/// The parameters by their names in the model, or all tensors by their names in the checkpoint.
std::vector<ExportedTensor> tensors_of(const checkpoint::Reader& reader, bool all) {
  constexpr std::string_view prefix = "parameter/";
  std::vector<ExportedTensor> tensors;
  for (const checkpoint::TensorEntry& tensor : reader.contents().tensors) {
    const bool is_parameter = tensor.name.starts_with(prefix);
    if (!all && !is_parameter) continue;
    tensors.push_back(
        {all ? tensor.name : tensor.name.substr(prefix.size()), tensor.shape,
         [&reader, &tensor](const TakeElements& take) { reader.read_in_pieces(tensor, take); }});
  }
  return tensors;
}

ExitCode export_checkpoint(const ExportOptions& values) {
  const checkpoint::Reader reader = open_meant(values.checkpoint);
  const auto tensors = tensors_of(reader, values.all);
  if (tensors.empty())
    throw IoError(ExitCode::bad_content, fmt::format("{}: holds no parameters to export",
                                                     reader.contents().directory.string()));
  write_safetensors(values.file,
                    {{"producer", "rondo " + project_version()},
                     {"step", fmt::format("{}", reader.contents().step)},
                     {"parameters_hash", to_hex(checkpoint::parameters_hash(reader))}},
                    tensors);
  fmt::print("{}: {} tensors of step {}\n", values.file.string(), tensors.size(),
             reader.contents().step);
  return ExitCode::ok;
}

}  // namespace

int export_tensors(int argc, const char* const* argv) {
  ExportOptions values;
  Options options("rondo-ckpt export",
                  "Writes a checkpoint's parameters, verified, as a safetensors file.");
  options.add_positional("CKPT", values.checkpoint,
                         "a checkpoint, or a run whose newest valid one is meant");
  options.add_positional("FILE", values.file, "the file to write, FILE.safetensors as a rule");
  options.add("all", values.all,
              "optimizer slots too, and all by their names in the checkpoint: parameter/...");
  options.example("rondo-ckpt export runs/first first.safetensors");
  return run_tool(options, argc, argv, [&] { return export_checkpoint(values); });
}

}  // namespace rondo::apps
