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
  /// For who models tasks without elements: these addresses, which need not be memory, are every
  /// block for elements.
  explicit ScratchPool(std::span<std::byte> addresses) noexcept : addresses_(addresses) {}
  ScratchPool(const ScratchPool&) = delete;
  ScratchPool& operator=(const ScratchPool&) = delete;

  void leak_from_now_on() noexcept;

  std::span<std::byte> addresses() const noexcept { return addresses_; }

  /// A block of at least `bytes`, with what was left in it.
  AlignedBuffer<std::byte> take(std::size_t bytes);
  void give_back(AlignedBuffer<std::byte> block) noexcept;

 private:
  std::vector<AlignedBuffer<std::byte>> free_;
  std::span<std::byte> addresses_;
  bool leaks_ = false;
};

/// One block of a pool, for as long as this lives.
class Scratch {
 public:
  /// Elements are touched by an Arithmetic alone, letters by the task itself.
  enum class Use { elements, letters };

  Scratch(ScratchPool& pool, std::size_t bytes, Use use = Use::elements) : pool_(&pool) {
    const bool is_memory = use == Use::letters || pool.addresses().empty();
    if (is_memory) block_ = pool.take(bytes);
    bytes_ = (is_memory ? block_.span() : pool.addresses()).first(bytes);
  }
  Scratch(Scratch&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)),
        block_(std::move(other.block_)),
        bytes_(other.bytes_) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    if (pool_ != nullptr && !block_.empty()) pool_->give_back(std::move(block_));
  }

  std::span<std::byte> bytes() const noexcept { return bytes_; }

 private:
  ScratchPool* pool_;
  AlignedBuffer<std::byte> block_;
  std::span<std::byte> bytes_;
};

}  // namespace rondo::comm
