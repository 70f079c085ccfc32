// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/scratch.hpp"

#include <cstddef>

#include <gtest/gtest.h>

namespace rondo::comm {
namespace {

const std::byte* taken_and_given_back(ScratchPool& pool) {
  return Scratch(pool, 100).bytes().data();
}

TEST(ScratchPool, uses_a_block_again) {
  ScratchPool pool;
  const std::byte* const first = taken_and_given_back(pool);
  EXPECT_EQ(taken_and_given_back(pool), first);
}

TEST(ScratchPool, uses_no_block_again_into_which_a_late_message_may_come) {
  ScratchPool pool;
  const std::byte* const before = taken_and_given_back(pool);
  pool.leak_from_now_on();
  const std::byte* const after = taken_and_given_back(pool);
  EXPECT_NE(after, before);
  EXPECT_NE(taken_and_given_back(pool), after);
}

}  // namespace
}  // namespace rondo::comm
