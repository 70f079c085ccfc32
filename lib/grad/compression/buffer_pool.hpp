// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"

namespace rondo::grad {

/// Memory of finished sums for the next ones: fresh pages cost more than the arithmetic on them.
/// Steps that ask for the same lengths in the same order allocate in the first of them only.
class BufferPool {
 public:
  /// `count` elements in memory of the pool's, which must outlive it; zeros if that is new, else
  /// what it held last. Move-only; returns the memory.
  template <class T>
  class Buffer {
   public:
    Buffer() = default;
    Buffer(BufferPool& pool, std::size_t count)
        : pool_(&pool), memory_(pool.take(count * sizeof(T))), count_(count) {}
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
      Buffer(std::move(other)).swap(*this);
      return *this;
    }
    ~Buffer() {
      if (pool_ != nullptr) pool_->give_back(std::move(memory_));
    }

    T* data() noexcept { return reinterpret_cast<T*>(memory_.data()); }
    std::size_t size() const noexcept { return count_; }
    bool empty() const noexcept { return count_ == 0; }
    std::span<T> span() noexcept { return {data(), count_}; }

   private:
    void swap(Buffer& other) noexcept {
      std::swap(pool_, other.pool_);
      std::swap(memory_, other.memory_);
      std::swap(count_, other.count_);
    }

    BufferPool* pool_ = nullptr;
    AlignedBuffer<std::byte> memory_;
    std::size_t count_ = 0;
  };

 private:
  AlignedBuffer<std::byte> take(std::size_t bytes);
  void give_back(AlignedBuffer<std::byte> memory) noexcept;

  std::vector<AlignedBuffer<std::byte>> free_;
  std::size_t lent_ = 0;
};

}  // namespace rondo::grad
