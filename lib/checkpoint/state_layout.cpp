// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/state_layout.hpp"

#include <algorithm>

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
  for (std::size_t i = 0; i < manifest.tensors.size(); ++i) {
    const TensorEntry& tensor = manifest.tensors[i];
    const io::Hdf5Dataset dataset = file.dataset(tensor.name);
    if (dataset.shape() != tensor.shape || dataset.dtype() != DType::f32)
      throw IoError(ExitCode::bad_content,
                    fmt::format("{}: {}: the manifest says f32 ({}), found {} ({})", path.string(),
                                tensor.name, fmt::join(tensor.shape, ", "),
                                name_of(dataset.dtype()), fmt::join(dataset.shape(), ", ")));
    const std::uint64_t offset = dataset.offset().value_or(0);
    if (offset != manifest.stored[i].extent.offset)
      throw IoError(ExitCode::bad_content,
                    fmt::format("{}: {}: the manifest says byte {}, found it at {}", path.string(),
                                tensor.name, manifest.stored[i].extent.offset, offset));
  }
}

}  // namespace rondo::checkpoint
