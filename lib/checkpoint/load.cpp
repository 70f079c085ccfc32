// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"
#include "rondo/checkpoint/checkpoint.hpp"
#include "rondo/checkpoint/inspect.hpp"

namespace rondo::checkpoint {
namespace {

/// One line for each tensor that is missing on one side or has another shape.
std::string differences(const Contents& contents, std::span<const TensorSpec> expected) {
  std::map<std::string_view, const TensorEntry*> stored;
  for (const TensorEntry& entry : contents.tensors)
    stored[entry.name] = &entry;
  std::string lines;
  for (const TensorSpec& tensor : expected) {
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
      Contents contents = verify(committed.directory);
      return Found{contents.directory, contents.step, std::move(contents.metadata)};
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

void require_tensors(const Contents& contents, std::span<const TensorSpec> expected) {
  if (const std::string lines = differences(contents, expected); !lines.empty())
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: the tensors are not those of this model and optimizer:{}",
                              contents.directory.string(), lines));
}

void load(const Found& found, std::span<const Tensor> tensors) {
  const Reader reader(found.directory);
  const Contents& contents = reader.contents();
  std::vector<TensorSpec> expected;
  for (const Tensor& tensor : tensors)
    expected.push_back({tensor.name, tensor.shape});
  require_tensors(contents, expected);
  // Everything is read and verified before the caller's memory changes.
  std::map<std::string_view, AlignedBuffer<float>> staged;
  for (const TensorEntry& entry : contents.tensors)
    staged.emplace(entry.name, reader.read(entry));
  for (const Tensor& tensor : tensors)
    std::copy_n(staged.at(tensor.name).data(), tensor.data.size(), tensor.data.data());
}

}  // namespace rondo::checkpoint
