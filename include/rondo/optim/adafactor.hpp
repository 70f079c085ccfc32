// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/optim/optimizer.hpp"

namespace rondo::optim {

/// Adam's second moments of a matrix from those of its rows and columns: little memory, no
/// momentum.
///
///     b <- 1 - t^-decay_exponent
///     R <- b * R + (1 - b) * mean of g^2 + epsilon over the columns   slot "row"
///     C <- b * C + (1 - b) * mean of g^2 + epsilon over the rows      slot "column"
///     V = R C^T / mean(R)
///     u = g / sqrt(V);  u <- u / max(1, rms(u) / clip_threshold)
///     a = max(smallest_scale, rms(w)) * min(lr, 1 / sqrt(t))
///     w <- (1 - lr * weight_decay) * w - a * u
///
/// Of vectors and scalars V itself is kept: slot "square". Shazeer and Stern, "Adafactor: Adaptive
/// Learning Rates with Sublinear Memory Cost" (ICML 2018), algorithms 4 and 5 with the parameters
/// of section 9; decoupled weight decay and lr in place of 10^-2 as in PyTorch's Adafactor, which
/// adds no epsilon but clamps V. A parameter of more than two dimensions is the matrix of its first
/// dimension and the rest; PyTorch keeps a matrix of the last two for each of the others.
///
/// Sums have one order on CPUs and GPUs: of columns by 64 rows, of rows by 1024 columns, and of
/// all elements by the pieces that an arena is cut into at UpdateRange::first.
///
/// Allocates 36 bytes a column and 8 a row in every update of a matrix, and 16 every 1024 elements.
class Adafactor final : public Optimizer {
 public:
  struct Options {
    float decay_exponent = 0.8F;
    float epsilon = 1e-30F;
    float smallest_scale = 1e-3F;
    float clip_threshold = 1.0F;
    float weight_decay = 0.0F;
  };

  /// \throws ConfigError  unless all are above 0, or at least 0 in the case of weight_decay
  explicit Adafactor(const Options& options);

  std::string_view name() const noexcept override { return "adafactor"; }
  std::string text() const override;
  std::span<const std::string_view> slot_names() const noexcept override;
  Shape slot_shape(std::size_t slot, const Shape& parameter) const override;
  Scope scope() const noexcept override { return Scope::parameter; }
  void update(const UpdateRange& range, const StepContext& context) const override;

 private:
  Options options_;
};

}  // namespace rondo::optim
