// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/policy.hpp"

#include <string>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

namespace rondo::precision {
namespace {

std::string problem_of(const Policy& policy) {
  try {
    check(policy);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "none";
}

TEST(Policy, presets_have_the_names_of_precisions_and_nothing_against_them) {
  for (const std::string_view name : policy_names()) {
    const Policy policy = make_policy(name);

    EXPECT_EQ(rondo::name_of(policy.compute), name);
    EXPECT_EQ(policy, Policy(policy.compute));
    EXPECT_EQ(problem_of(policy), "none") << name;
  }
}

TEST(Policy, only_bf16_has_a_copy_and_only_f16_scales_the_loss) {
  EXPECT_FALSE(make_policy("f32").has_copy() || make_policy("f32").scales_loss());
  EXPECT_TRUE(make_policy("bf16").has_copy() && !make_policy("bf16").scales_loss());
  EXPECT_TRUE(!make_policy("f16").has_copy() && make_policy("f16").scales_loss());
}

TEST(Policy, unknown_names_are_refused_with_the_known_ones) {
  try {
    make_policy("fp8");
    FAIL() << "fp8 was accepted";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("'fp8' is not known: choose one of f32, bf16, f16"),
              std::string::npos)
        << error.what();
  }
}

TEST(Policy, types_that_contradict_each_other_are_refused) {
  Policy narrow_sums = Precision::bf16;
  narrow_sums.accumulate = Precision::bf16;
  Policy half_copy = Precision::f16;
  half_copy.copy = Precision::f16;
  Policy unread_copy = Precision::f32;
  unread_copy.copy = Precision::bf16;
  Policy nothing_to_round = Precision::f16;
  nothing_to_round.rounding = Rounding::stochastic;

  EXPECT_NE(problem_of(narrow_sums).find("accumulate f32"), std::string::npos);
  EXPECT_NE(problem_of(half_copy).find("a copy of the parameters in f16"), std::string::npos);
  EXPECT_NE(problem_of(unread_copy).find("compute in f32 do not read"), std::string::npos);
  EXPECT_NE(problem_of(nothing_to_round).find("which only bf16 has"), std::string::npos);
}

TEST(Policy, may_compute_in_bf16_without_a_copy) {
  Policy policy = Precision::bf16;
  policy.copy = Precision::f32;

  EXPECT_EQ(problem_of(policy), "none");
}

}  // namespace
}  // namespace rondo::precision
