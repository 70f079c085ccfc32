// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <new>
#include <span>
#include <utility>

#include <sys/mman.h>

namespace rondo::train {

/// Zeros that take memory when they are first touched. (Not in large pages: where memory is full of
/// cached files, the system takes milliseconds to make room for one.)
class Pages {
 public:
  Pages() noexcept = default;
  /// \throws std::bad_alloc
  explicit Pages(std::size_t elements) : elements_(elements) {
    if (elements == 0) return;
    void* memory =
        ::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<float*>(memory);
  }
  Pages(Pages&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), elements_(std::exchange(other.elements_, 0)) {}
  Pages& operator=(Pages&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(elements_, other.elements_);
    return *this;
  }
  ~Pages() {
    if (data_ != nullptr) ::munmap(data_, bytes());
  }

  std::span<float> span() noexcept { return {data_, elements_}; }
  std::span<const float> span() const noexcept { return {data_, elements_}; }

 private:
  std::size_t bytes() const noexcept { return elements_ * sizeof(float); }

  float* data_ = nullptr;
  std::size_t elements_ = 0;
};

}  // namespace rondo::train
