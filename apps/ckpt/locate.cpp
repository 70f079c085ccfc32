// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "ckpt/locate.hpp"

#include <string>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/checkpoint/inspect.hpp"
#include "rondo/job/run_directory.hpp"

namespace rondo::apps {
namespace {

namespace fs = std::filesystem;

fs::path without_slash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

bool is_latest_link(const fs::path& path) {
  std::error_code error;
  return path.filename() == checkpoint::latest_name && fs::is_symlink(path, error);
}

}  // namespace

bool is_checkpoint(const fs::path& argument) {
  std::error_code error;
  const fs::path path = without_slash(argument);
  return path.filename().string().starts_with("step-") || is_latest_link(path) ||
         fs::exists(path / "manifest.json", error);
}

fs::path checkpoints_meant(const fs::path& argument) {
  std::error_code error;
  if (!fs::is_directory(argument, error))
    throw IoError(ExitCode::missing_input, fmt::format("{}: no such directory", argument.string()));
  const fs::path of_run = job::RunDirectory(argument).checkpoints();
  return fs::is_directory(of_run, error) ? of_run : argument;
}

fs::path checkpoint_meant(const fs::path& argument) {
  const fs::path path = without_slash(argument);
  if (is_latest_link(path)) return path.parent_path() / fs::read_symlink(path);
  if (is_checkpoint(path)) return path;
  const fs::path directory = checkpoints_meant(path);
  if (const auto found = checkpoint::find_newest(directory)) return found->directory;
  throw IoError(ExitCode::missing_input,
                fmt::format("{}: holds no checkpoint", directory.string()));
}

checkpoint::Reader open_meant(const fs::path& argument) {
  checkpoint::Reader reader(checkpoint_meant(argument));
  reader.verify_structure();
  return reader;
}

}  // namespace rondo::apps
