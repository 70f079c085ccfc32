// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/optim/optimizer.hpp"

namespace rondo::optim {

/// EvoLved Sign Momentum: every element moves by lr, whatever its gradient's size.
///
///     c <- sign(beta1 * m + (1 - beta1) * g)     sign(0) = 0
///     w <- w - lr * (c + weight_decay * w)
///     m <- beta2 * m + (1 - beta2) * g           slot "mean"
///
/// Chen et al., "Symbolic Discovery of Optimization Algorithms" (NeurIPS 2023), algorithm 2.
class Lion final : public Optimizer {
 public:
  struct Options {
    float beta1 = 0.9F;
    float beta2 = 0.99F;
    float weight_decay = 0.0F;
  };

  /// \throws ConfigError  unless 0 <= beta1, beta2 < 1 and weight_decay >= 0
  explicit Lion(const Options& options);

  std::string_view name() const noexcept override { return "lion"; }
  std::string text() const override;
  std::span<const std::string_view> slot_names() const noexcept override;
  void update(const UpdateRange& range, const StepContext& context) const override;

 private:
  Options options_;
};

}  // namespace rondo::optim
