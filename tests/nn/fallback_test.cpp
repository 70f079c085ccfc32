// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// Run by ctest with DNNL_MAX_CPU_ISA=AVX512_CORE, which hides AVX512_BF16 from oneDNN.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/support.hpp"

namespace rondo::nn {
namespace {

TEST(Bf16Fallback, computes_in_f32_and_says_so_once) {
  ASSERT_FALSE(cpu_has_bf16()) << "set DNNL_MAX_CPU_ISA=AVX512_CORE";
  const NetworkSpec spec = make_model("mlp", {1, 28, 28}, 10);
  const test::TestBatch batch(spec, 4);
  test::BoundNetwork f32(spec, test::options_for(Backend::cpu));

  testing::internal::CaptureStderr();
  test::BoundNetwork bf16(spec, test::options_for(Backend::cpu, Precision::bf16));
  const std::string notice = testing::internal::GetCapturedStderr();
  testing::internal::CaptureStderr();
  test::BoundNetwork second(spec, test::options_for(Backend::cpu, Precision::bf16));
  const std::string silence = testing::internal::GetCapturedStderr();
  f32.train(batch);
  bf16.train(batch);

  EXPECT_EQ(bf16.grads, f32.grads);
  EXPECT_THAT(notice, testing::HasSubstr("AVX512_BF16"));
  EXPECT_EQ(silence, "");
}

}  // namespace
}  // namespace rondo::nn
