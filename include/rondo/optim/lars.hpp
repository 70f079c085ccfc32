// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/optim/optimizer.hpp"

namespace rondo::optim {

/// Momentum with a learning rate of its own for every parameter: for large batches.
///
///     r <- trust_coefficient * |w| / (|g| + weight_decay * |w|)   |.| over the whole parameter
///     v <- momentum * v + r * (g + weight_decay * w)              slot "momentum"
///     w <- w - lr * v
///
/// r is 1 where |w| or |g| is 0. You, Gitman and Ginsburg, "Large Batch Training of Convolutional
/// Networks" (2017), algorithm 1, with lr outside of the velocity, as in Sgd: there the same,
/// unless lr changes. Parameters without weight decay (biases, scale and shift of norms) have r = 1
/// too, as is usual.
class Lars final : public Optimizer {
 public:
  struct Options {
    float momentum = 0.9F;
    float weight_decay = 0.0F;
    float trust_coefficient = 0.001F;
  };

  /// \throws ConfigError  unless 0 <= momentum < 1, weight_decay >= 0 and trust_coefficient > 0
  explicit Lars(const Options& options);

  std::string_view name() const noexcept override { return "lars"; }
  std::string text() const override;
  std::span<const std::string_view> slot_names() const noexcept override;
  Scope scope() const noexcept override { return Scope::norms; }
  SquareSums measure(const UpdateRange& range, const StepContext& context) const override;
  void update(const UpdateRange& range, const StepContext& context) const override;

 private:
  Options options_;
};

}  // namespace rondo::optim
