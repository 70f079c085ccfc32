// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/scratch.hpp"

#include <algorithm>
#include <bit>

namespace rondo::comm {
namespace {

void leak(AlignedBuffer<std::byte> block) noexcept {
  // NOLINTNEXTLINE(bugprone-unused-return-value): on purpose
  new AlignedBuffer<std::byte>(std::move(block));
}

}  // namespace

void ScratchPool::leak_from_now_on() noexcept {
  leaks_ = true;
  for (auto& block : free_)
    leak(std::move(block));
  free_.clear();
}

AlignedBuffer<std::byte> ScratchPool::take(std::size_t bytes) {
  const auto fits = [&](const auto& block) { return block.size() >= bytes; };
  const auto found = std::ranges::find_if(free_, fits);
  // Powers of two, so that operations of nearly equal sizes share a block.
  if (found == free_.end()) return AlignedBuffer<std::byte>(std::bit_ceil(bytes));
  AlignedBuffer<std::byte> block = std::move(*found);
  free_.erase(found);
  return block;
}

void ScratchPool::give_back(AlignedBuffer<std::byte> block) noexcept {
  if (leaks_) return leak(std::move(block));
  const auto larger = [&](const auto& other) { return other.size() >= block.size(); };
  free_.insert(std::ranges::find_if(free_, larger), std::move(block));  // smallest first
}

}  // namespace rondo::comm
