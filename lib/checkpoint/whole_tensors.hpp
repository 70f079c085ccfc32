// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "rondo/checkpoint/writers.hpp"

namespace rondo::checkpoint {

/// Tensors as what a writer has that has all of them; views them.
struct WholeTensors {
  /// \throws UsageError  data that does not fit its shape
  explicit WholeTensors(std::span<const Tensor> tensors);

  std::vector<TensorSpec> specs;
  std::vector<Piece> pieces;
};

}  // namespace rondo::checkpoint
