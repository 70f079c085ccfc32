// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include "rondo/optim/optimizer.hpp"

namespace rondo::test {

/// Moves every value by 1, and calls `hook` before each range.
class Interrupted final : public optim::Optimizer {
 public:
  explicit Interrupted(std::function<void()> hook) : hook_(std::move(hook)) {}
  std::string_view name() const noexcept override { return "interrupted"; }
  std::span<const std::string_view> slot_names() const noexcept override { return {}; }
  void update(const optim::UpdateRange& range, const optim::StepContext&) const override {
    hook_();
    for (float& value : range.value)
      value += 1;
  }

 private:
  std::function<void()> hook_;
};

}  // namespace rondo::test
