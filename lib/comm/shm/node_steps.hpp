// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "comm/algorithms/blocks.hpp"
#include "comm/task.hpp"

namespace rondo::comm {

/// What a hierarchical collective does inside its node, in one round that all its ranks have
/// entered with the same call.
///
/// All ranks of the node take the same steps in the same order. `blocks` are bytes of everybody's
/// input or output, one block for each rank of the node. \throws CommError  a rank has left
class NodeSteps {
 public:
  virtual ~NodeSteps() = default;

  /// `result` becomes the sum, or whatever the call reduces to, of this rank's block of all inputs.
  virtual Task reduce(std::vector<Cut> blocks, std::span<std::byte> result) = 0;
  /// This rank's block of all outputs becomes `own`, which may already lie there.
  virtual Task spread(std::vector<Cut> blocks, std::span<const std::byte> own) = 0;
  /// All of a broadcast's buffers become that of the node's rank `root`.
  virtual Task broadcast(int root) = 0;
  /// Returns when nobody touches this rank's buffers any more.
  virtual Task finish() = 0;
};

}  // namespace rondo::comm
