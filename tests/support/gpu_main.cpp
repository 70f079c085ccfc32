// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Tests that need a GPU: without one they are skipped (77) and say why, unless RONDO_REQUIRE_GPU is
// set.
#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>

#include "rondo/base/device.hpp"
#include "rondo/base/error.hpp"

namespace {

constexpr int skipped = 77;

int without_gpu(const char* reason) {
  const bool required = std::getenv("RONDO_REQUIRE_GPU") != nullptr;
  std::printf("%s: %s\n", required ? "RONDO_REQUIRE_GPU is set" : "skipped", reason);
  return required ? 1 : skipped;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  try {
    const rondo::Device device(0);
    std::printf("on %s, compute capability %d\n", device.name().c_str(),
                device.compute_capability());
  } catch (const rondo::ConfigError& error) {
    return without_gpu(error.what());
  }
  return RUN_ALL_TESTS();
}
