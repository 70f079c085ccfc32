// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/optim/optimizer.hpp"

namespace rondo::optim {

struct AdamOptions {
  float beta1 = 0.9F;
  float beta2 = 0.999F;
  float epsilon = 1e-8F;
  float weight_decay = 0.0F;
};

/// Adam with coupled weight decay, which becomes part of the gradient.
///
///     g <- gradient + weight_decay * w
///     m <- beta1 * m + (1 - beta1) * g           slot "mean"
///     v <- beta2 * v + (1 - beta2) * g^2         slot "square"
///     w <- w - lr * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)
///
/// with t = StepContext::step. Kingma and Ba, "Adam: A Method for Stochastic Optimization" (ICLR
/// 2015), algorithm 1; weight decay as PyTorch's Adam.
class Adam final : public Optimizer {
 public:
  using Options = AdamOptions;

  /// \throws ConfigError  unless 0 <= beta1, beta2 < 1, epsilon > 0 and weight_decay >= 0
  explicit Adam(const Options& options);

  std::string_view name() const noexcept override { return "adam"; }
  std::string text() const override;
  std::span<const std::string_view> slot_names() const noexcept override;
  void update(const UpdateRange& range, const StepContext& context) const override;

 private:
  Options options_;
};

/// Adam with decoupled weight decay.
///
///     m <- beta1 * m + (1 - beta1) * g           slot "mean"
///     v <- beta2 * v + (1 - beta2) * g^2         slot "square"
///     w <- w - lr * (m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon) + weight_decay * w)
///
/// Algorithm 2 of Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (ICLR 2019), where
/// lr is schedule times step size; as PyTorch's AdamW.
class AdamW final : public Optimizer {
 public:
  using Options = AdamOptions;

  /// \throws ConfigError  as Adam
  explicit AdamW(const Options& options);

  std::string_view name() const noexcept override { return "adamw"; }
  std::string text() const override;
  std::span<const std::string_view> slot_names() const noexcept override;
  void update(const UpdateRange& range, const StepContext& context) const override;

 private:
  Options options_;
};

}  // namespace rondo::optim
