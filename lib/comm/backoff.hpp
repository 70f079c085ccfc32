// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <thread>

namespace rondo::comm {

/// Makes a polling loop kinder to the core the longer nothing happens: it spins, then yields the
/// core to a rank that may hold what is waited for, then sleeps.
class Backoff {
 public:
  void pause() {
    ++polls_;
    if (polls_ <= spins) {
      __builtin_ia32_pause();
    } else if (polls_ <= yields) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
  void reset() noexcept { polls_ = 0; }

 private:
  static constexpr int spins = 200;
  static constexpr int yields = 20'000;
  int polls_ = 0;
};

}  // namespace rondo::comm
