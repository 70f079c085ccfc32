// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include <dnnl.hpp>

#include "nn/cpu/operation.hpp"
#include "nn/cpu/stage.hpp"

namespace rondo::nn::cpu {

/// sum[i] += factor * term[i]
void add_scaled(std::span<float> sum, const float* term, float factor);

/// To the gradients of a BatchNorm's running statistics, `weight` times those of a micro-batch of
/// `samples` values a channel: the running variance is an estimate for unseen samples, with
/// Bessel's correction. `views` are the layer's.
void add_statistics(std::span<const ParameterView> views, const float* mean, const float* variance,
                    std::size_t samples, double weight);

/// Memory over a bound f32 vector, not a copy of it.
dnnl::memory wrap(const PlanContext& context, std::span<float> vector);

/// A bound tensor in the type and layout that a primitive wants, from its bf16 copy if that has the
/// type.
///
/// A copy, up to date after `refresh`, unless the wanted form is a bound one.
class PackedParameter {
 public:
  PackedParameter() = default;
  PackedParameter(const PlanContext& context, const ParameterView& view,
                  const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted);

  const dnnl::memory& memory() const { return packed_; }
  void refresh();

 private:
  std::span<float> values_;
  dnnl::stream stream_;
  dnnl::memory rounded_;  ///< f16 only: the values rounded, in the bound layout
  dnnl::memory packed_;
  Operation pack_;
};

/// The gradient of one micro-batch as a primitive writes it, and its way into the bound gradient.
class GradientSink {
 public:
  GradientSink() = default;
  GradientSink(const PlanContext& context, std::span<float> gradient,
               const dnnl::memory::desc& plain, const dnnl::memory::desc& written);

  const dnnl::memory& memory() const { return written_; }
  /// Adds what was written to the bound gradient.
  void add();

 private:
  std::span<float> gradient_;
  dnnl::stream stream_;
  dnnl::memory written_;
  Operation add_reordered_;  ///< empty where both have the same layout
};

}  // namespace rondo::nn::cpu
