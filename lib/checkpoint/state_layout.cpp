// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/state_layout.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"

#include "io/hdf5.hpp"

namespace rondo::checkpoint {
namespace {

/// What lies between the extents, and before and behind them, in order.
std::vector<Extent> gaps_of(const StateLayout& layout) {
  std::vector<Extent> extents = layout.extents;
  std::erase_if(extents, [](const Extent& extent) { return extent.bytes == 0; });
  std::sort(extents.begin(), extents.end(),
            [](const Extent& a, const Extent& b) { return a.offset < b.offset; });
  extents.push_back({layout.bytes, 0});
  std::vector<Extent> gaps;
  std::uint64_t end = 0;
  for (const Extent& extent : extents) {
    if (extent.offset > end) gaps.push_back({end, extent.offset - end});
    end = extent.end();
  }
  return gaps;
}

/// The parts of "a/b/c".
std::vector<std::string> parts_of(const std::string& name) {
  std::vector<std::string> parts(1);
  for (const char letter : name)
    if (letter == '/')
      parts.emplace_back();
    else
      parts.back() += letter;
  return parts;
}

/// What each group holds, by the tensors' names.
std::map<std::string, std::set<std::string>> groups_of(std::span<const TensorEntry> tensors) {
  std::map<std::string, std::set<std::string>> groups{{"", {}}};
  for (const TensorEntry& tensor : tensors) {
    std::string group;
    for (const std::string& part : parts_of(tensor.name)) {
      groups[group].insert(part);
      group += (group.empty() ? "" : "/") + part;
    }
  }
  return groups;
}

/// \throws IoError  bad_content
void require_nothing_else(const io::Hdf5File& file, const Manifest& manifest) {
  for (const auto& [group, expected] : groups_of(manifest.tensors))
    for (const std::string& name : file.names(group))
      if (!expected.contains(name))
        throw IoError(ExitCode::bad_content,
                      fmt::format("{}: has an object '{}' in group '{}' that the manifest does not "
                                  "name",
                                  file.path(), name, group));
}

/// \throws IoError  bad_content
void require_as_stored(const io::Hdf5Dataset& dataset, const TensorEntry& tensor,
                       const Extent& extent, const std::string& path) {
  if (dataset.shape() != tensor.shape || dataset.dtype() != DType::f32)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: {}: the manifest says f32 ({}), found {} ({})", path,
                              tensor.name, fmt::join(tensor.shape, ", "), name_of(dataset.dtype()),
                              fmt::join(dataset.shape(), ", ")));
  if (extent.bytes == 0) return;
  const std::optional<std::uint64_t> offset = dataset.offset();
  if (!offset)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: {}: its elements lie in no one place (in chunks, or nowhere)",
                              path, tensor.name));
  if (*offset != extent.offset)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: {}: the manifest says byte {}, found it at {}", path,
                              tensor.name, extent.offset, *offset));
}

}  // namespace

StateLayout create_state(const std::filesystem::path& path, std::span<const TensorSpec> tensors) {
  StateLayout layout;
  auto file = io::Hdf5File::create(path);
  for (const TensorSpec& tensor : tensors) {
    const auto dataset =
        file.create_dataset(tensor.name, DType::f32, tensor.shape, {.chunk = {}, .reserved = true});
    layout.extents.push_back(
        {dataset.offset().value_or(0), sizeof(float) * element_count(tensor.shape)});
  }
  file.close();
  FileBytes made(path, FileBytes::Access::read_and_write);
  layout.bytes = made.size();
  made.reserve(layout.bytes);
  return layout;
}

std::uint64_t structure_hash(const FileBytes& file, const StateLayout& layout) {
  ContentHasher hasher;
  std::vector<std::byte> buffer(block_bytes);
  for (Extent gap : gaps_of(layout)) {
    while (gap.bytes > 0) {
      const auto piece = std::span(buffer).first(std::min(gap.bytes, block_bytes));
      file.read(gap.offset, piece);
      hasher.add(piece);
      gap = {gap.offset + piece.size(), gap.bytes - piece.size()};
    }
  }
  return hasher.value();
}

void require_hdf5_agrees(const std::filesystem::path& path, const Manifest& manifest) {
  const auto file = io::Hdf5File::open(path);
  for (std::size_t i = 0; i < manifest.tensors.size(); ++i)
    require_as_stored(file.dataset(manifest.tensors[i].name), manifest.tensors[i],
                      manifest.stored[i].extent, path.string());
  require_nothing_else(file, manifest);
}

}  // namespace rondo::checkpoint
