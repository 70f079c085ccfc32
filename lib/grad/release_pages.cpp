// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/release_pages.hpp"

#include <cstdint>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

namespace rondo::grad {

namespace {

/// Private memory is dropped by this call; shared memory would stay as it is, as an element tells.
bool drop_private(std::span<float> values) noexcept {
  const auto drop = [&] { return madvise(values.data(), values.size_bytes(), MADV_DONTNEED) == 0; };
  const float first = std::exchange(values[0], 1.0F);
  // The look brings a page back, the second call gives it away again.
  if (drop() && values[0] == 0) return drop();
  values[0] = first;
  return false;
}

}  // namespace

bool release_pages(std::span<float> values) noexcept {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(values.data());
  if (begin % page != 0 || values.size_bytes() % page != 0) return false;
  if (values.empty()) return false;
  // Works for memory that is shared, and for nothing else.
  if (madvise(values.data(), values.size_bytes(), MADV_REMOVE) == 0) return true;
  return drop_private(values);
}

}  // namespace rondo::grad
