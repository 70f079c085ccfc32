// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/whole_tensors.hpp"

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::checkpoint {

WholeTensors::WholeTensors(std::span<const Tensor> tensors) {
  for (const Tensor& tensor : tensors) {
    if (tensor.data.size() != element_count(tensor.shape))
      throw UsageError(fmt::format("tensor '{}' has {} elements, its shape says {}", tensor.name,
                                   tensor.data.size(), element_count(tensor.shape)));
    pieces.push_back({specs.size(), 0, tensor.data});
    specs.push_back({tensor.name, tensor.shape});
  }
}

}  // namespace rondo::checkpoint
