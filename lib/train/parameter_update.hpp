// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/grad/layout.hpp"
#include "rondo/optim/optimizer.hpp"

#include "train/optimizer_state.hpp"

namespace rondo::train {

/// Brings the parameters from one step to the next, in whatever memory they lie, from the sums that
/// a GradientSum holds.
class ParameterUpdate {
 public:
  virtual ~ParameterUpdate() = default;

  /// Before sums of a new step are completed: waits for values that are still under way.
  virtual void prepare() = 0;
  /// The step, and the copy of the values if there is one. Collective where gradients are sharded.
  virtual void apply(const optim::StepContext& context, float weight_inverse) = 0;

  /// Whether a parameter's values may still change under the layers that read them. Local.
  virtual bool is_under_way(grad::ElementRange range) const = 0;
  /// Until they are the last step's. On a GPU nobody waits: what is queued next does.
  virtual void finish(grad::ElementRange range) = 0;
  /// Until the arena's memory has all of them, after finish() of everything.
  virtual void fetch() {}
  /// The arena's memory, its copy included, or the slots were changed from outside, after fetch()
  /// and state().
  virtual void changed() = 0;

  /// The slots of the last step.
  virtual OptimizerState& state() = 0;
  /// Bytes in a GPU's memory.
  virtual std::size_t device_bytes() const { return 0; }
  virtual bool is_one_pass() const noexcept { return false; }
};

}  // namespace rondo::train
