// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

namespace rondo::test {

/// What the CommError says that `call` throws, which has that code; or "none".
inline std::string comm_error(const std::function<void()>& call,
                              ExitCode code = ExitCode::requeue) {
  try {
    call();
  } catch (const CommError& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "none";
}

}  // namespace rondo::test
