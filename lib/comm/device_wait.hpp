// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "rondo/comm/communicator.hpp"

#include "comm/backoff.hpp"

namespace rondo::comm {

/// "rank 3 of 8 on host n2": how errors of a DeviceCommunicator begin.
std::string origin_of(const Place& place);

/// "120 s", "0.5 s".
std::string seconds_text(std::chrono::milliseconds duration);

/// Calls `is_there` until it returns true, kindly to the core. False: `limit` has passed before.
template <class Predicate>
bool wait_until(Predicate is_there, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  Backoff backoff(false);
  while (!is_there()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    backoff.pause();
  }
  return true;
}

}  // namespace rondo::comm
