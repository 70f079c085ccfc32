// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Tests that need a GPU.
#include <gtest/gtest.h>

#include "support/needs_gpu.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (const auto code = rondo::test::code_without_gpu()) return *code;
  return RUN_ALL_TESTS();
}
