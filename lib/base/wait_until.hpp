// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "base/backoff.hpp"

namespace rondo {

/// Calls `is_there` until it returns true, kindly to the core. False: `limit` has passed before.
/// Asked at least once, and once more where the limit has passed: this process may have been
/// stopped meanwhile.
template <class Predicate>
bool wait_until(Predicate is_there, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  Backoff backoff(false);
  while (!is_there()) {
    if (std::chrono::steady_clock::now() >= deadline) return is_there();
    backoff.pause();
  }
  return true;
}

}  // namespace rondo
