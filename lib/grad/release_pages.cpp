// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/release_pages.hpp"

#include <cstdint>

#include <sys/mman.h>
#include <unistd.h>

namespace rondo::grad {

bool release_pages(std::span<float> values) noexcept {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(values.data());
  if (begin % page != 0 || values.size_bytes() % page != 0) return false;
  // Works for memory that is shared, and for nothing else: private pages would stay as they are.
  return madvise(values.data(), values.size_bytes(), MADV_REMOVE) == 0;
}

}  // namespace rondo::grad
