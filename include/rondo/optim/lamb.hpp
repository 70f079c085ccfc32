// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/optim/adam.hpp"

namespace rondo::optim {

/// AdamW whose step is as long as the parameter itself, times lr: for large batches.
///
///     m <- beta1 * m + (1 - beta1) * g           slot "mean"
///     v <- beta2 * v + (1 - beta2) * g^2         slot "square"
///     d <- m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon) + weight_decay * w
///     w <- w - lr * |w| / |d| * d                |.| over the whole parameter
///
/// The ratio is 1 where |w| or |d| is 0. You et al., "Large Batch Optimization for Deep Learning:
/// Training BERT in 76 minutes" (ICLR 2020), algorithm 2 with phi(z) = z. As in the authors' code,
/// parameters without weight decay (biases, scale and shift of norms) have a ratio of 1 too.
///
/// measure() does the moments, update() the rest: it does not read the gradient.
class Lamb final : public Optimizer {
 public:
  using Options = AdamOptions;

  /// \throws ConfigError  as Adam
  explicit Lamb(const Options& options);

  std::string_view name() const noexcept override { return "lamb"; }
  std::string text() const override;
  std::span<const std::string_view> slot_names() const noexcept override;
  Scope scope() const noexcept override { return Scope::norms; }
  SquareSums measure(const UpdateRange& range, const StepContext& context) const override;
  void update(const UpdateRange& range, const StepContext& context) const override;

 private:
  Options options_;
};

}  // namespace rondo::optim
