// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/grad/arena.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/comm/inproc.hpp"

#include "grad/parameter_specs.hpp"

namespace rondo::grad {
namespace {

using test::three;

TEST(Arena, starts_every_parameter_at_a_cache_line) {
  Arena arena(three(), {});

  for (std::size_t i = 0; i < 3; ++i) {
    const auto view = arena.view(i);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.value.data()) % cache_line_bytes, 0U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.grad.data()) % cache_line_bytes, 0U);
    EXPECT_EQ(view.value.size(), element_count(arena.specs()[i].shape));
  }
}

TEST(Arena, hash_depends_on_values_and_not_on_buckets) {
  Arena one(three(), {.bucket_bytes = 1});
  Arena other(three(), {.bucket_bytes = 1U << 20});
  EXPECT_EQ(one.values_hash(), other.values_hash());

  one.view(1).value[6] = 1.0F;

  EXPECT_NE(one.values_hash(), other.values_hash());
}

TEST(Arena, on_a_communicator_has_its_gradients_in_memory_that_the_node_shares) {
  const auto body = [](comm::Communicator& comm) {
    Arena arena(three(), {.bucket_bytes = 1}, comm);
    EXPECT_EQ(arena.grads().size(), arena.layout().elements());
    EXPECT_EQ(arena.layout().ranks(), 2);
    // A window starts at 2 MiB, private memory at a cache line.
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena.grads().data()) % (2U << 20), 0U);
    std::ranges::fill(arena.grads(), 1.0F);

    comm::allreduce(comm, arena.grads(), comm::ReduceOp::sum);

    EXPECT_EQ(arena.view(2).grad[63], 2.0F);
  };
  comm::run_ranks(2, body, {.time_limit = std::chrono::seconds(30)}, 2);
}

}  // namespace
}  // namespace rondo::grad
