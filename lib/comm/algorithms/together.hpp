// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "comm/task.hpp"

namespace rondo::comm::algorithms {

/// `co_await Together(runner, first, second)`: both runners' tasks have ended, which advance in
/// turn meanwhile. \throws what either throws
class Together final : public Condition {
 public:
  Together(Runner& runner, Runner& first, Runner& second) noexcept
      : Condition(runner), first_(first), second_(second) {}

  bool ready() override {
    while (true) {
      const bool first_ended = first_.step();
      const bool second_ended = second_.step();
      if (first_ended && second_ended) return true;
      if (!first_.advanced() && !second_.advanced()) return false;
    }
  }
  std::string describe() const override {
    return first_.ended() ? second_.waiting_for() : first_.waiting_for();
  }

 private:
  Runner& first_;
  Runner& second_;
};

}  // namespace rondo::comm::algorithms
