// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "rondo/base/device_memory.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/precision/device_norm.hpp"
#include "rondo/precision/device_pieces.hpp"

namespace rondo::optim {

/// An arena in a GPU's memory: spans that are laid out alike.
struct DeviceArena {
  DeviceSpan<float> values = {};
  DeviceSpan<const float> grads = {};  ///< gradient sums
  /// As many as Optimizer::slot_names(), each as long as `values`.
  std::span<const DeviceSpan<float>> slots = {};
  DeviceSpan<bfloat16> copy = {};  ///< as long as `values`, or empty
};

/// How running averages follow: value <- (1 - momentum) * value + momentum * (sum *
/// weight_inverse).
struct StatisticUpdate {
  float momentum = 0;
  float weight_inverse = 1;
};

/// An update rule on a GPU: one launch updates all parameters of an arena, running averages too,
/// and rounds the bf16 copy in the same pass.
///
/// The CPU's arithmetic and its bits, but for the sign and payload of a NaN. Bytes an element, read
/// and written, f32 slots and no copy (with it 2 more): sgd 12, with momentum 20, lion 20, adam and
/// adamw 28. Padding and trailer are neither read nor written.
class DeviceOptimizer {
 public:
  /// The rule that make_optimizer() makes of the same arguments.
  /// \throws ConfigError  as make_optimizer(); or a rule that no kernel has: adafactor, lamb, lars
  DeviceOptimizer(std::string_view name, const OptimizerOptions& options);

  const Optimizer& rule() const noexcept { return *rule_; }

  /// Queued on `stream`. With a `verdict` (one element, GradientNorm::verdict()), its scale takes
  /// the place of StepContext::grad_scale, and nothing changes if it is not finite.
  /// \throws UsageError  spans that do not fit each other or the pieces, or step 0: nothing was
  /// queued. DeviceError
  void update(DeviceStream& stream, const precision::DevicePieces& pieces, const DeviceArena& arena,
              const StepContext& context, const StatisticUpdate& statistic = {},
              DeviceSpan<const precision::GradientVerdict> verdict = {}) const;

 private:
  OptimizerOptions options_;
  std::unique_ptr<Optimizer> rule_;
};

}  // namespace rondo::optim
