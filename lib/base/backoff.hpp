// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <thread>

namespace rondo {

/// Makes a polling loop kinder to the core the longer nothing happens: it spins, then yields the
/// core to a rank that may hold what is waited for, then sleeps.
class Backoff {
 public:
  /// `is_crowded`: there are more ranks than cores for them. Nothing is gained by spinning then:
  /// the peer needs this core.
  explicit Backoff(bool is_crowded) noexcept : spins_(is_crowded ? 4 : 1000) {}

  void pause() {
    ++polls_;
    if (polls_ <= spins_) {
      __builtin_ia32_pause();
    } else if (polls_ <= spins_ + yields) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
  void reset() noexcept { polls_ = 0; }

  /// Whether it is time to look at clocks and at whether the peer still lives.
  bool is_long() const noexcept { return polls_ > spins_ && polls_ % 16 == 0; }

 private:
  static constexpr int yields = 20'000;
  int spins_;
  int polls_ = 0;
};

}  // namespace rondo
