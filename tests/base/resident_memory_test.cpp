// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/resident_memory.hpp"

#include <array>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace rondo {
namespace {

TEST(ResidentMemory, counts_the_pages_that_were_touched_and_not_given_back) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const area =
      mmap(nullptr, 8 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(area, MAP_FAILED);
  madvise(area, 8 * page, MADV_NOHUGEPAGE);
  const std::span bytes(static_cast<std::byte*>(area), 8 * page);
  EXPECT_EQ(resident_bytes(bytes), 0U);

  bytes[0] = bytes[3 * page] = bytes[4 * page] = std::byte{1};
  EXPECT_EQ(resident_bytes(bytes), 3 * page);
  EXPECT_EQ(resident_bytes(bytes.subspan(100, 50)), 50U);
  EXPECT_EQ(resident_bytes(bytes.subspan(2 * page + 7, page)), 7U);

  madvise(area, 4 * page, MADV_DONTNEED);
  EXPECT_EQ(resident_bytes(bytes), page);
  munmap(area, 8 * page);
}

TEST(ResidentMemory, nothing_has_none) {
  EXPECT_EQ(resident_bytes({}), 0U);
}

}  // namespace
}  // namespace rondo
