// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "rondo/base/device_memory.hpp"
#include "rondo/optim/device_factors.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/precision/device_norm.hpp"
#include "rondo/precision/device_pieces.hpp"

namespace rondo::optim {

/// What rules with Scope::norms keep between their launches: the norms of all pieces and, added up
/// by precision::strided_sum() as a session does on the CPU, of all parameters. One stream at a
/// time.
class DeviceNorms {
 public:
  /// Queues, on a stream, what adds up the norms of pieces over ranks that each hold some of them:
  /// the others are zero.
  using Share = std::function<void(DeviceStream&, DeviceSpan<SquareSums>)>;

  DeviceNorms(const Device& device, const precision::DevicePieces& pieces, Share share = {});

  std::size_t pieces() const noexcept { return by_piece_.size(); }
  std::size_t parameters() const noexcept { return by_parameter_.size(); }
  DeviceSpan<SquareSums> by_piece() noexcept { return by_piece_.span(); }
  /// Of the last update; those of running averages are 0.
  DeviceSpan<SquareSums> by_parameter() noexcept { return by_parameter_.span(); }
  /// Queues `share`, if there is one.
  void share(DeviceStream& stream);

 private:
  DeviceMemory<SquareSums> by_piece_;
  DeviceMemory<SquareSums> by_parameter_;
  Share share_;
};

/// An arena in a GPU's memory: spans that are laid out alike, but for the slots of a rank that
/// updates some of the pieces (DevicePiece::held), and those of Scope::parameter, which lie as
/// FactoredParameter::slots says.
struct DeviceArena {
  DeviceSpan<float> values = {};
  DeviceSpan<const float> grads = {};  ///< gradient sums
  /// As many as Optimizer::slot_names(), each as long as `values` or, of some of the pieces, as
  /// they need at least.
  std::span<const DeviceSpan<float>> slots = {};
  DeviceSpan<bfloat16> copy = {};    ///< as long as `values`, or empty
  DeviceNorms* norms = nullptr;      ///< of the same pieces; for rules with Scope::norms
  DeviceFactors* factors = nullptr;  ///< of the same pieces; for rules with Scope::parameter
};

/// How running averages follow: value <- (1 - momentum) * value + momentum * (sum *
/// weight_inverse).
struct StatisticUpdate {
  float momentum = 0;
  float weight_inverse = 1;
};

/// An update rule on a GPU: one launch updates all parameters of an arena, running averages too,
/// and rounds the bf16 copy in the same pass; under Scope::norms two others measure them first,
/// under Scope::parameter five.
///
/// The CPU's arithmetic and its bits, but for the sign and payload of a NaN. Bytes an element, read
/// and written, f32 slots and no copy (with it 2 more): sgd 12, with momentum 20, lion 20, adam and
/// adamw 28, lars 28, lamb 40, adafactor 24. Padding and trailer are neither read nor written.
class DeviceOptimizer {
 public:
  /// The rule that make_optimizer() makes of the same arguments.
  /// \throws ConfigError  as make_optimizer()
  DeviceOptimizer(std::string_view name, const OptimizerOptions& options);

  const Optimizer& rule() const noexcept { return *rule_; }

  /// Queued on `stream`. With a `verdict` (one element, GradientNorm::verdict()), its scale takes
  /// the place of StepContext::grad_scale, and nothing changes if it is not finite.
  /// \throws UsageError  spans, norms or factors that do not fit each other or the pieces, or step
  /// 0: nothing was queued. DeviceError
  void update(DeviceStream& stream, const precision::DevicePieces& pieces, const DeviceArena& arena,
              const StepContext& context, const StatisticUpdate& statistic = {},
              DeviceSpan<const precision::GradientVerdict> verdict = {}) const;

 private:
  OptimizerOptions options_;
  std::unique_ptr<Optimizer> rule_;
};

}  // namespace rondo::optim
