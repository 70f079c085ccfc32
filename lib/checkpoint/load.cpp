// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"
#include "rondo/checkpoint/checkpoint.hpp"

#include "checkpoint/directories.hpp"
#include "checkpoint/state_file.hpp"

namespace rondo::checkpoint {
namespace {

Manifest read_manifest(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / manifest_name;
  std::ostringstream content;
  std::ifstream file(path, std::ios::binary);
  content << file.rdbuf();
  const std::string text = content.str();
  if (!file || !content || text.empty())
    throw IoError(ExitCode::missing_input, fmt::format("{}: missing or unreadable", path.string()));
  return parse_manifest(text, path.string());
}

/// \throws IoError  saying why the checkpoint is not valid
Found verify(const Committed& committed) {
  Manifest manifest = read_manifest(committed.directory);
  if (manifest.step != committed.step)
    throw IoError(
        ExitCode::bad_content,
        fmt::format("{}: is of step {}, its directory's name says {}",
                    (committed.directory / manifest_name).string(), manifest.step, committed.step));
  const auto state = open_state(committed.directory / state_name, manifest.state);
  for (const TensorEntry& entry : manifest.tensors)
    read_tensor(state, entry);
  return {committed.directory, committed.step, std::move(manifest.metadata)};
}

/// One line for each tensor that is missing on one side or has another shape.
std::string differences(const Manifest& manifest, std::span<const Tensor> tensors) {
  std::map<std::string_view, const TensorEntry*> stored;
  for (const TensorEntry& entry : manifest.tensors)
    stored[entry.name] = &entry;
  std::string lines;
  for (const Tensor& tensor : tensors) {
    const auto node = stored.extract(tensor.name);
    if (node.empty())
      lines += fmt::format("\n  {}: expected shape ({}), found no such tensor", tensor.name,
                           fmt::join(tensor.shape, ", "));
    else if (node.mapped()->shape != tensor.shape)
      lines += fmt::format("\n  {}: expected shape ({}), found ({})", tensor.name,
                           fmt::join(tensor.shape, ", "), fmt::join(node.mapped()->shape, ", "));
  }
  for (const auto& [name, entry] : stored)
    lines +=
        fmt::format("\n  {}: not expected, found shape ({})", name, fmt::join(entry->shape, ", "));
  return lines;
}

}  // namespace

std::optional<Found> find_newest(const std::filesystem::path& directory) {
  std::string reasons;
  for (const Committed& committed : list_committed(directory)) {
    try {
      return verify(committed);
    } catch (const IoError& e) {
      log::warning(
          fmt::format("skipped checkpoint {}: {}", committed.directory.string(), e.what()));
      reasons += fmt::format("\n  {}", e.what());
    }
  }
  if (reasons.empty()) return std::nullopt;
  throw IoError(ExitCode::bad_content,
                fmt::format("no checkpoint in {} is valid:{}\nMove them away to start afresh",
                            directory.string(), reasons));
}

void load(const Found& found, std::span<const Tensor> tensors) {
  const Manifest manifest = read_manifest(found.directory);
  if (const std::string lines = differences(manifest, tensors); !lines.empty())
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: the tensors are not those of this model and optimizer:{}",
                              found.directory.string(), lines));
  const auto state = open_state(found.directory / state_name, manifest.state);
  // Everything is read and verified before the caller's memory changes.
  std::map<std::string_view, AlignedBuffer<float>> staged;
  for (const TensorEntry& entry : manifest.tensors)
    staged.emplace(entry.name, read_tensor(state, entry));
  for (const Tensor& tensor : tensors)
    std::copy_n(staged.at(tensor.name).data(), tensor.data.size(), tensor.data.data());
}

}  // namespace rondo::checkpoint
