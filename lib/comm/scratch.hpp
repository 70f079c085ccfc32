// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"

namespace rondo::comm {

/// Memory for algorithms to receive into, kept from one operation to the next.
///
/// After an error no block is used again or given back, for a message that was under way may still
/// be written into it.
class ScratchPool {
 public:
  ScratchPool() = default;
  ScratchPool(const ScratchPool&) = delete;
  ScratchPool& operator=(const ScratchPool&) = delete;

  void leak_from_now_on() noexcept;

  /// A block of at least `bytes`, with what was left in it.
  AlignedBuffer<std::byte> take(std::size_t bytes);
  void give_back(AlignedBuffer<std::byte> block) noexcept;

 private:
  std::vector<AlignedBuffer<std::byte>> free_;
  bool leaks_ = false;
};

/// One block of a pool, for as long as this lives.
class Scratch {
 public:
  Scratch(ScratchPool& pool, std::size_t bytes)
      : pool_(&pool), block_(pool.take(bytes)), bytes_(bytes) {}
  Scratch(Scratch&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)),
        block_(std::move(other.block_)),
        bytes_(other.bytes_) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    if (pool_ != nullptr) pool_->give_back(std::move(block_));
  }

  std::span<std::byte> bytes() noexcept { return block_.span().first(bytes_); }

 private:
  ScratchPool* pool_;
  AlignedBuffer<std::byte> block_;
  std::size_t bytes_;
};

}  // namespace rondo::comm
