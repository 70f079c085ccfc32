// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/resident_memory.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace rondo {

std::size_t resident_bytes(std::span<const std::byte> bytes) {
  if (bytes.empty()) return 0;
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::uintptr_t end = begin + bytes.size();
  const std::uintptr_t first = begin / page * page;
  std::vector<unsigned char> is_resident((end - first + page - 1) / page);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the start of the page that the bytes start in
  if (mincore(reinterpret_cast<void*>(first), end - first, is_resident.data()) != 0)
    return bytes.size();
  std::size_t resident = 0;
  for (std::size_t i = 0; i < is_resident.size(); ++i) {
    const std::uintptr_t at = first + i * page;
    if ((is_resident[i] & 1U) != 0) resident += std::min(at + page, end) - std::max(at, begin);
  }
  return resident;
}

}  // namespace rondo
