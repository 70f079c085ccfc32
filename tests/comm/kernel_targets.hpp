// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <gtest/gtest.h>

#include "comm/kernels/targets.hpp"
// After targets.hpp.
#include <hwy/highway.h>

namespace rondo::comm {

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

}  // namespace rondo::comm
