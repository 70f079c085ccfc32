// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/comm/call.hpp"

#include "comm/shm/node.hpp"
#include "comm/shm/node_steps.hpp"

namespace rondo::comm {

/// In the node's memory: straight in the windows where is_direct() finds the call's buffers in
/// some, else through slots.
class MemorySteps final : public NodeSteps {
 public:
  /// All have posted `call` for the present round. What is given must outlive this.
  MemorySteps(Node& node, Runner& runner, const Call& call);

  Task reduce(std::vector<Cut> blocks, std::span<std::byte> result) override;
  Task spread(std::vector<Cut> blocks, std::span<const std::byte> own) override;
  Task broadcast(int root) override;
  Task finish() override;

 private:
  Node& node_;
  Runner& runner_;
  const Call& call_;
  bool direct_;
};

}  // namespace rondo::comm
