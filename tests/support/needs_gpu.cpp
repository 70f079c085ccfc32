// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "support/needs_gpu.hpp"

#include <cstdio>
#include <cstdlib>

#include "rondo/base/device.hpp"
#include "rondo/base/error.hpp"

namespace rondo::test {

std::optional<int> code_without_gpu(bool speaks) {
  try {
    const Device device(0);
    if (speaks)
      std::printf("on %s, compute capability %d\n", device.name().c_str(),
                  device.compute_capability());
    return std::nullopt;
  } catch (const ConfigError& error) {
    constexpr int failed = 1;
    constexpr int skipped = 77;
    const bool required = std::getenv("RONDO_REQUIRE_GPU") != nullptr;
    if (speaks)
      std::printf("%s: %s\n", required ? "RONDO_REQUIRE_GPU is set" : "skipped", error.what());
    return required ? failed : skipped;
  }
}

}  // namespace rondo::test
