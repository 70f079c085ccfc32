// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/tensor_names.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::checkpoint {

void require_usable_names(std::span<const TensorSpec> tensors) {
  std::set<std::string_view> names;
  for (const TensorSpec& tensor : tensors)
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

}  // namespace rondo::checkpoint
