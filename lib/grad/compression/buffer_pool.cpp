// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/buffer_pool.hpp"

#include <algorithm>
#include <iterator>

namespace rondo::grad {

/// The shortest that is long enough, so that a longer one is there for who needs it.
AlignedBuffer<std::byte> BufferPool::take(std::size_t bytes) {
  if (bytes == 0) return {};
  auto found = free_.end();
  for (auto it = free_.begin(); it != free_.end(); ++it) {
    const bool is_shorter = found == free_.end() || it->size() < found->size();
    if (it->size() >= bytes && is_shorter) found = it;
  }
  ++lent_;
  if (found == free_.end()) {
    free_.reserve(free_.size() + lent_);
    return AlignedBuffer<std::byte>(bytes);
  }
  std::swap(*found, free_.back());
  AlignedBuffer<std::byte> memory = std::move(free_.back());
  free_.pop_back();
  return memory;
}

/// take() has made room for it.
void BufferPool::give_back(AlignedBuffer<std::byte> memory) noexcept {
  if (memory.empty()) return;
  --lent_;
  free_.push_back(std::move(memory));
}

}  // namespace rondo::grad
