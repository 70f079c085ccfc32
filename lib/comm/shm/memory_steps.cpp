// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/shm/memory_steps.hpp"

#include <utility>

#include "comm/kernels/reduce.hpp"
#include "comm/shm/direct.hpp"
#include "comm/shm/staged.hpp"

namespace rondo::comm {

MemorySteps::MemorySteps(Node& node, Runner& runner, const Call& call)
    : node_(node), runner_(runner), call_(call), direct_(is_direct(node, call)) {
  if (direct_) node.require_all();
}

Task MemorySteps::reduce(std::vector<Cut> blocks, std::span<std::byte> result) {
  if (!direct_) {
    co_await staged_reduce_blocks(node_, runner_, call_.input, std::move(blocks), result,
                                  {.dtype = call_.dtype, .op = call_.op});
    co_return;
  }
  const std::size_t offset = blocks[static_cast<std::size_t>(node_.rank())].begin;
  for (int local = 0; local < node_.size(); ++local)
    node_.inputs()[static_cast<std::size_t>(local)] =
        node_.address(local, node_.post(local).input) + offset;
  std::byte* const to = result.data();
  reduce_all(call_.dtype, call_.op, 1, node_.inputs(), std::span(&to, 1), result.size(),
             Stores::cached);
}

Task MemorySteps::spread(std::vector<Cut> blocks, std::span<const std::byte> own) {
  if (!direct_) {
    co_await staged_gather_blocks(node_, runner_, own, std::move(blocks), call_.output, {});
    co_return;
  }
  const std::size_t offset = blocks[static_cast<std::size_t>(node_.rank())].begin;
  for (int local = 0; local < node_.size(); ++local) {
    std::byte* const to = node_.address(local, node_.post(local).output) + offset;
    if (to != own.data()) copy_bytes(own, {to, own.size()}, Stores::cached);
  }
}

Task MemorySteps::broadcast(int root) {
  if (!direct_) {
    co_await staged_broadcast(node_, runner_, call_.output, root, {});
    co_return;
  }
  if (node_.rank() == root) co_return;
  copy_bytes({node_.address(root, node_.post(root).input), call_.output.size()}, call_.output,
             Stores::cached);
}

Task MemorySteps::finish() {
  if (direct_) co_await finish_round(node_, runner_);
}

}  // namespace rondo::comm
