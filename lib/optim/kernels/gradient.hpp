// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/optim/optimizer.hpp"

namespace rondo::optim::kernel {

/// How the gradient sum becomes the gradient.
struct Gradient {
  float scale;
  float limit;

  explicit Gradient(const StepContext& context)
      : scale(context.grad_scale), limit(context.clip_value) {}
};

}  // namespace rondo::optim::kernel
