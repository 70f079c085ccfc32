// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/unique_handle.hpp"

#include <type_traits>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rondo {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<int>& closed() {
  static std::vector<int> handles;
  return handles;
}

struct CountedTraits {
  using handle_type = int;
  static handle_type null() noexcept { return -1; }
  static void close(handle_type handle) noexcept { closed().push_back(handle); }
};
using Counted = UniqueHandle<CountedTraits>;

static_assert(std::is_nothrow_move_constructible_v<Counted>);
static_assert(std::is_nothrow_move_assignable_v<Counted>);
static_assert(!std::is_copy_constructible_v<Counted>);

class UniqueHandleTest : public testing::Test {
 protected:
  void SetUp() override { closed().clear(); }
};

TEST_F(UniqueHandleTest, closes_once_at_the_end_of_its_life) {
  {
    const Counted handle(0);
    EXPECT_TRUE(handle);
    EXPECT_EQ(handle.get(), 0);
  }

  EXPECT_THAT(closed(), ElementsAre(0));
}

TEST_F(UniqueHandleTest, null_closes_nothing) {
  { const Counted handle; }

  EXPECT_THAT(closed(), IsEmpty());
}

TEST_F(UniqueHandleTest, move_hands_over_and_assignment_closes_the_old_one) {
  {
    Counted first(1);
    Counted second(2);
    second = std::move(first);
    EXPECT_THAT(closed(), ElementsAre(2));
    const Counted third(std::move(second));
    EXPECT_EQ(third.get(), 1);
  }

  EXPECT_THAT(closed(), ElementsAre(2, 1));
}

TEST_F(UniqueHandleTest, assigning_to_itself_keeps_the_handle) {
  Counted handle(3);
  Counted& alias = handle;

  handle = std::move(alias);

  EXPECT_EQ(handle.get(), 3);
  EXPECT_THAT(closed(), IsEmpty());
}

TEST_F(UniqueHandleTest, release_gives_the_handle_away) {
  Counted handle(4);

  EXPECT_EQ(handle.release(), 4);

  EXPECT_FALSE(handle);
  EXPECT_THAT(closed(), IsEmpty());
}

}  // namespace
}  // namespace rondo
