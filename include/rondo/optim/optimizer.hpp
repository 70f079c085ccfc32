// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace rondo::optim {

/// A run of elements that are updated alike: a cut through the arena, of any length.
struct UpdateRange {
  std::span<float> value = {};       ///< master weights
  std::span<const float> grad = {};  ///< gradient sum
  /// As many as Optimizer::slot_names(), each as long as value.
  std::vector<std::span<float>> slots = {};
  bool decays = true;  ///< weight decay applies
};

struct StepContext {
  std::uint64_t step = 1;  ///< optimizer steps including this one
  float lr = 0;            ///< learning rate of this step
  float grad_scale = 1;    ///< the gradient is grad * grad_scale
};

/// An element-wise update rule. It has no state but its slots, which live in the arena beside the
/// parameters: any cut of the arena into ranges gives the same bits.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual std::string_view name() const noexcept = 0;
  /// One name per f32 slot a parameter element needs, e.g. {"momentum"}; slots start at zero.
  virtual std::span<const std::string_view> slot_names() const noexcept = 0;
  /// Local. \throws UsageError  spans of different lengths
  virtual void update(const UpdateRange& range, const StepContext& context) const = 0;
};

/// The options of every optimizer by name; each takes those it knows (sgd.hpp, adamw.hpp).
struct OptimizerOptions {
  float momentum = 0.0F;      ///< sgd
  bool nesterov = false;      ///< sgd
  float weight_decay = 0.0F;  ///< sgd, adamw
  float beta1 = 0.9F;         ///< adamw
  float beta2 = 0.999F;       ///< adamw
  float epsilon = 1e-8F;      ///< adamw
};

/// The names that make_optimizer knows.
std::span<const std::string_view> optimizer_names() noexcept;

/// \throws ConfigError  an unknown name (listing the known ones) or an option out of range
std::unique_ptr<Optimizer> make_optimizer(std::string_view name, const OptimizerOptions& options);

}  // namespace rondo::optim
