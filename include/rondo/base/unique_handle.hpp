// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

namespace rondo {

/// Owns one C handle (MPI_Comm, hid_t, a file descriptor, cudaStream_t, ...).
///
/// `Traits` supplies `handle_type`, `static handle_type null() noexcept` and
/// `static void close(handle_type) noexcept`. Move-only; a moved-from object is null and closing a
/// null handle does nothing.
template <class Traits>
class UniqueHandle {
 public:
  using handle_type = typename Traits::handle_type;

  UniqueHandle() noexcept = default;
  explicit UniqueHandle(handle_type handle) noexcept : handle_(handle) {}
  UniqueHandle(UniqueHandle&& other) noexcept
      : handle_(std::exchange(other.handle_, Traits::null())) {}
  UniqueHandle& operator=(UniqueHandle&& other) noexcept {
    if (this != &other) reset(std::exchange(other.handle_, Traits::null()));
    return *this;
  }
  UniqueHandle(const UniqueHandle&) = delete;
  UniqueHandle& operator=(const UniqueHandle&) = delete;
  ~UniqueHandle() { reset(); }

  handle_type get() const noexcept { return handle_; }
  explicit operator bool() const noexcept { return handle_ != Traits::null(); }
  handle_type release() noexcept { return std::exchange(handle_, Traits::null()); }
  void reset(handle_type handle = Traits::null()) noexcept {
    const auto old = std::exchange(handle_, handle);
    if (old != Traits::null()) Traits::close(old);
  }

 private:
  handle_type handle_ = Traits::null();
};

}  // namespace rondo
