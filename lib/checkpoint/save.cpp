// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "rondo/base/atomic_file.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/checkpoint/checkpoint.hpp"

#include "checkpoint/directories.hpp"
#include "checkpoint/state_file.hpp"

namespace rondo::checkpoint {
namespace {

/// A name is a path of ordinary parts, and no tensor lies inside of another.
void require_usable_names(std::span<const Tensor> tensors) {
  std::set<std::string_view> names;
  for (const Tensor& tensor : tensors)
    if (!names.insert(tensor.name).second)
      throw UsageError(fmt::format("two tensors of a checkpoint have the name '{}'", tensor.name));
  for (const std::string_view name : names) {
    std::size_t begin = 0;
    while (begin <= name.size()) {
      const std::size_t end = std::min(name.find('/', begin), name.size());
      const std::string_view part = name.substr(begin, end - begin);
      if (part.empty() || part == "." || part == "..")
        throw UsageError(
            fmt::format("'{}' is not a name for a tensor: it has a part '{}'", name, part));
      if (end < name.size() && names.contains(name.substr(0, end)))
        throw UsageError(
            fmt::format("tensor '{}' would lie inside of tensor '{}'", name, name.substr(0, end)));
      begin = end + 1;
    }
  }
}

void require_usable(std::span<const Tensor> tensors) {
  require_usable_names(tensors);
  for (const Tensor& tensor : tensors)
    if (tensor.data.size() != element_count(tensor.shape))
      throw UsageError(fmt::format("tensor '{}' has {} elements, its shape says {}", tensor.name,
                                   tensor.data.size(), element_count(tensor.shape)));
}

/// Whether what was written reads back as it is in memory.
void require_written(const std::filesystem::path& directory, const Manifest& manifest) {
  try {
    const Manifest found = read_manifest(directory);
    const auto state = io::Hdf5File::open(directory / state_name);
    for (const TensorEntry& entry : manifest.tensors)
      read_tensor(state, entry);
    if (to_text(found) == to_text(manifest)) return;
  } catch (const IoError& e) {
    throw IoError(ExitCode::io,
                  fmt::format("what was just written reads back otherwise: {}", e.what()));
  }
  throw IoError(ExitCode::io, fmt::format("{}: what was just written reads back otherwise",
                                          (directory / manifest_name).string()));
}

}  // namespace

void save(const std::filesystem::path& directory, std::uint64_t step,
          std::span<const Tensor> tensors, const Metadata& metadata, const Retention& retention) {
  require(retention.newest >= 1, "checkpoint::save: keep at least the one that is written");
  require_usable(tensors);
  remove_leftovers(directory);
  PartialDirectory partial(directory, step);
  Manifest manifest{.step = step, .metadata = metadata, .state = {}, .tensors = {}};
  for (const Tensor& tensor : tensors)
    manifest.tensors.push_back(
        {tensor.name, tensor.shape, content_hash(std::as_bytes(tensor.data))});
  manifest.state = write_state(partial.path() / state_name, tensors);
  write_file_atomically(partial.path() / manifest_name, to_text(manifest));
  require_written(partial.path(), manifest);
  partial.publish();
  point_latest_to(partial.final_path());
  for (const Committed& old : superseded(directory, step, retention))
    remove(old);
}

}  // namespace rondo::checkpoint
