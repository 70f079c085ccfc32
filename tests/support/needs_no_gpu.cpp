// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Of programs that do not bring needs_gpu.cpp.
#include "support/needs_gpu.hpp"

namespace rondo::test {

std::optional<int> code_without_gpu(bool) {
  return std::nullopt;
}

}  // namespace rondo::test
