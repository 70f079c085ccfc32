// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/workload.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace rondo::bench {
namespace {

constexpr Shape out_of_place{.dtype = DType::f32, .ranks = 1, .count = 100};
constexpr Shape in_place{.dtype = DType::f32, .ranks = 1, .count = 100, .in_place = true};

/// A workload of one rank, whose allreduce is a copy.
struct OneRank {
  explicit OneRank(const Shape& of, std::size_t sets)
      : shape(of),
        memory(sets * Workload::set_bytes(shape)),
        pattern(shape, comm::ReduceOp::sum, 0, 0),
        workload(memory, shape, &pattern, sets) {}

  void copy(const BufferSet& set) {
    std::copy(set.input.begin(), set.input.end(), set.output.begin());
  }

  Shape shape;
  std::vector<std::byte> memory;
  Pattern pattern;
  Workload workload;
};

TEST(Workload, takes_its_sets_in_turn) {
  OneRank rank(out_of_place, 3);

  const BufferSet first = rank.workload.next();
  const BufferSet second = rank.workload.next();
  rank.workload.next();

  EXPECT_NE(first.input.data(), second.input.data());
  EXPECT_GE(second.input.data(), first.output.data() + first.output.size());
  EXPECT_EQ(rank.workload.next().input.data(), first.input.data());
}

TEST(Workload, counts_the_elements_that_no_call_has_written) {
  OneRank rank(out_of_place, 3);
  rank.workload.plant();

  rank.copy(rank.workload.next());
  rank.copy(rank.workload.next());

  EXPECT_EQ(rank.workload.count_wrong(), 100U);
}

TEST(Workload, sees_what_was_left_from_before_the_last_planting) {
  OneRank rank(out_of_place, 1);
  rank.workload.plant();
  const BufferSet set = rank.workload.next();
  rank.copy(set);
  const std::vector<std::byte> old(set.output.begin(), set.output.end());

  rank.workload.plant();
  std::copy(old.begin(), old.end(), set.output.begin());

  EXPECT_GT(rank.workload.count_wrong(), 80U);
}

TEST(Workload, keeps_input_and_output_together_in_place) {
  OneRank rank(in_place, 2);

  const BufferSet set = rank.workload.next();

  EXPECT_EQ(set.input.data(), set.output.data());
}

TEST(Workload, plants_anew_before_a_sum_in_place_would_grow) {
  OneRank rank(in_place, 2);
  rank.workload.plant();
  rank.workload.prepare(2);
  const BufferSet set = rank.workload.next();
  rank.workload.next();
  set.output[0] = std::byte{0xFF};

  rank.workload.prepare(1);

  EXPECT_EQ(rank.workload.count_wrong(), 0U);
}

TEST(Workload, uses_no_more_sets_than_it_was_limited_to) {
  OneRank rank(out_of_place, 5);

  rank.workload.limit_sets(2);

  const BufferSet first = rank.workload.next();
  rank.workload.next();
  EXPECT_EQ(rank.workload.next().input.data(), first.input.data());
}

}  // namespace
}  // namespace rondo::bench
