// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "rondo/base/parameter.hpp"

namespace rondo::bench {

/// What a synthetic pass spends its time with.
enum class Backward : std::uint8_t {
  clock,      ///< it ends at its time, as where another device computes
  arithmetic  ///< a fixed number of operations: what the collectives take of the core comes on top
};

/// Keeps a core busy for a known time, in turns.
class SyntheticWork {
 public:
  SyntheticWork(Backward kind, std::chrono::microseconds turn);

  /// Starts a pass; the shares of run() follow one another from here on.
  void begin() { end_ = Clock::now(); }
  /// One share of the pass. `between_turns` is called between its turns.
  void run(double seconds, const std::function<void()>& between_turns);

 private:
  using Clock = std::chrono::steady_clock;

  void run_until_due(double seconds, const std::function<void()>& between_turns);

  Backward kind_;
  std::chrono::duration<double> turn_;
  double operations_a_second_ = 1;
  volatile std::uint64_t state_ = 1;  // so that the operations are made
  Clock::time_point end_;
};

/// So many of equal size that have so many bytes of gradients together.
std::vector<ParameterSpec> equal_parameters(std::size_t gradient_bytes, std::size_t parameters);

/// Small whole numbers, so that every order of their sum is exact.
inline float gradient_at(std::size_t element, int rank) {
  return static_cast<float>((element % 13 + 1) * static_cast<std::size_t>(rank + 1));
}

}  // namespace rondo::bench
