// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/half_operation.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace rondo::bench {
namespace {

template <class T>
std::vector<float> apply(comm::ReduceOp op, const std::vector<float>& a,
                         const std::vector<float>& b) {
  std::vector<T> in(a.begin(), a.end());
  std::vector<T> inout(b.begin(), b.end());
  int count = static_cast<int>(in.size());
  half_operation(dtype_of<T>, op)(in.data(), inout.data(), &count, nullptr);
  return {inout.begin(), inout.end()};
}

TEST(HalfOperation, reduces_in_float_and_rounds_to_nearest_even) {
  // 256 + 1 and 2048 + 1 lie in the middle between two bf16, and two f16.
  EXPECT_EQ(apply<bfloat16>(comm::ReduceOp::sum, {1, 256, 258}, {2, 1, 1}),
            (std::vector<float>{3, 256, 260}));
  EXPECT_EQ(apply<half>(comm::ReduceOp::sum, {1, 2048, 2050}, {2, 1, 1}),
            (std::vector<float>{3, 2048, 2052}));
}

TEST(HalfOperation, knows_min_and_max) {
  EXPECT_EQ(apply<bfloat16>(comm::ReduceOp::min, {1, 5}, {3, -2}), (std::vector<float>{1, -2}));
  EXPECT_EQ(apply<half>(comm::ReduceOp::max, {1, 5}, {3, -2}), (std::vector<float>{3, 5}));
}

}  // namespace
}  // namespace rondo::bench
