// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <gtest/gtest.h>

#include "base/vector_targets.hpp"
// After vector_targets.hpp.
#include <hwy/highway.h>

namespace rondo::test {

/// Calls `f` once for every instruction set that the kernels are compiled for and this CPU has.
template <class F>
void for_each_target(F&& f) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::GetChosenTarget().Update(target);
    f();
  }
  hwy::GetChosenTarget().DeInit();
}

}  // namespace rondo::test
