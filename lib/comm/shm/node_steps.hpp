// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "comm/algorithms/blocks.hpp"
#include "comm/shm/node.hpp"

namespace rondo::comm {

/// What a hierarchical collective does inside its node: straight in the windows where is_direct()
/// finds the call's buffers in some, else through slots.
///
/// All ranks of the node take the same steps in the same order. `blocks` are bytes of everybody's
/// input or output, one block for each rank of the node. \throws CommError as Node::throw_gone
class NodeSteps {
 public:
  /// All have posted `call` for the present round. What is given must outlive this.
  NodeSteps(Node& node, Runner& runner, const Call& call);

  /// `result` becomes the sum, or whatever the call reduces to, of this rank's block of all inputs.
  Task reduce(std::vector<Cut> blocks, std::span<std::byte> result);
  /// This rank's block of all outputs becomes `own`, which may already lie there.
  Task spread(std::vector<Cut> blocks, std::span<const std::byte> own);
  /// All of a broadcast's buffers become that of the node's rank `root`.
  Task broadcast(int root);
  /// Returns when nobody touches this rank's buffers any more.
  Task finish();

 private:
  Node& node_;
  Runner& runner_;
  const Call& call_;
  bool direct_;
};

}  // namespace rondo::comm
