// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::optim {

/// A run of elements that are updated alike: a cut through the arena, of any length.
struct UpdateRange {
  std::span<float> value;                  ///< master weights
  std::span<const float> grad;             ///< gradient sum
  std::vector<std::span<float>> slots;     ///< as many as Optimizer::slot_names(), each as long as value
  bool decays = true;                      ///< weight decay applies
};

struct StepContext {
  std::uint64_t step = 1;   ///< optimizer steps including this one
  float lr = 0;             ///< learning rate of this step
  float grad_scale = 1;     ///< the gradient is grad * grad_scale
};

/// An element-wise update rule. It has no state but its slots, which live in the arena beside the parameters:
/// any cut of the arena into ranges gives the same bits.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual std::string_view name() const noexcept = 0;
  /// One name per f32 slot a parameter element needs, e.g. {"momentum"}; slots start at zero.
  virtual std::span<const std::string_view> slot_names() const noexcept = 0;
  /// Local. \throws UsageError  spans of different lengths
  virtual void update(const UpdateRange& range, const StepContext& context) const = 0;
};

}  // namespace rondo::optim
