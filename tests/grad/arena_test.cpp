// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/grad/arena.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"

namespace rondo::grad {
namespace {

std::vector<ParameterSpec> three() {
  return {{"first", {5, 3}}, {"second", {7}, ParameterRole::bias}, {"third", {64}}};
}

TEST(Arena, lays_parameters_out_in_reverse_order_of_registration) {
  const Arena arena(three(), {});

  EXPECT_LT(arena.offset(2), arena.offset(1));
  EXPECT_LT(arena.offset(1), arena.offset(0));
}

TEST(Arena, starts_every_parameter_at_a_cache_line) {
  Arena arena(three(), {.slots = 1});

  for (std::size_t i = 0; i < 3; ++i) {
    const auto view = arena.view(i);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.value.data()) % cache_line_bytes, 0U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.grad.data()) % cache_line_bytes, 0U);
    EXPECT_EQ(view.value.size(), element_count(arena.specs()[i].shape));
    EXPECT_EQ(arena.slot(0, i).size(), view.value.size());
  }
}

TEST(Arena, buckets_cover_every_parameter_once_and_end_in_a_trailer) {
  for (const std::size_t bytes : {1UL, 100UL, 300UL, 1UL << 20}) {
    const Arena arena(three(), {.bucket_bytes = bytes});

    std::multiset<std::size_t> seen;
    std::size_t cursor = 0;
    for (const Bucket& bucket : arena.buckets()) {
      EXPECT_EQ(bucket.begin, cursor);
      EXPECT_EQ(bucket.end, bucket.trailer + Trailer::elements);
      for (const std::size_t p : bucket.parameters) {
        EXPECT_GE(arena.offset(p), bucket.begin);
        EXPECT_LE(arena.offset(p) + element_count(arena.specs()[p].shape), bucket.trailer);
        seen.insert(p);
      }
      cursor = bucket.end;
    }
    EXPECT_THAT(seen, testing::ElementsAre(0, 1, 2)) << "bucket_bytes " << bytes;
  }
}

TEST(Arena, one_byte_buckets_hold_one_parameter_each) {
  const Arena arena(three(), {.bucket_bytes = 1});

  EXPECT_EQ(arena.buckets().size(), 3U);
}

TEST(Arena, refuses_a_name_twice_and_empty_tensors) {
  EXPECT_THROW(Arena({{"a", {2}}, {"a", {3}}}, {}), UsageError);
  EXPECT_THROW(Arena({{"a", {2, 0}}}, {}), UsageError);
  EXPECT_THROW(Arena({}, {}), UsageError);
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
    const Arena alone(three(), {.bucket_bytes = 1});
    EXPECT_EQ(arena.buckets().back().end, alone.buckets().back().end);
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
