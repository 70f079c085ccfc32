// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/optim/optimizer.hpp"

namespace rondo::optim {

/// Stochastic gradient descent with momentum, Nesterov's or classical, and coupled weight decay.
///
///     g <- grad * grad_scale + weight_decay * w
///     v <- momentum * v + g                      slot "momentum"; none if momentum is 0
///     w <- w - lr * (nesterov ? g + momentum * v : v)
///
/// As PyTorch's SGD with dampening 0; after Sutskever, Martens, Dahl and Hinton, "On the importance
/// of initialization and momentum in deep learning" (ICML 2013), with lr outside of the velocity.
class Sgd final : public Optimizer {
 public:
  struct Options {
    float momentum = 0.0F;
    bool nesterov = false;
    float weight_decay = 0.0F;
  };

  /// \throws ConfigError  unless 0 <= momentum < 1 and weight_decay >= 0, and momentum > 0 with
  /// nesterov
  explicit Sgd(const Options& options);

  std::string_view name() const noexcept override { return "sgd"; }
  std::string text() const override;
  std::span<const std::string_view> slot_names() const noexcept override;
  void update(const UpdateRange& range, const StepContext& context) const override;

 private:
  Options options_;
};

}  // namespace rondo::optim
