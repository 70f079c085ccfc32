// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace rondo::nn::cuda {

/// The gradient of a value that several layers read: the sum of two buffers.
struct GradientSum {
  std::size_t a;
  std::size_t b;
  std::size_t sum;    ///< may be a or b
  std::size_t value;  ///< whose gradient it is
};

/// What one stage reads and writes, by the topology's numbers of values.
struct StageValues {
  std::size_t source;
  std::optional<std::size_t> shortcut;
  std::size_t output;
  bool passes_gradient;  ///< the inputs' gradient is the output's
};

/// Which buffers a stage's gradients are in.
struct StageGradients {
  std::optional<std::size_t> output;  ///< none: nobody behind it wants a gradient, so no pass
  std::optional<std::size_t> input;   ///< none: nobody wants it
  std::vector<GradientSum> sums;      ///< to be added when the stage is done
};

struct GradientPlan {
  std::vector<StageGradients> stages;
  std::vector<std::size_t> buffers;  ///< how many elements of a sample each has
};

/// Gives each gradient a buffer from when it is written until it is read for the last time, the
/// stages running from the last to the first. `elements` are those of a sample of each value;
/// `is_wanted` says of which values the gradient is.
GradientPlan plan_gradients(std::span<const StageValues> stages,
                            std::span<const std::size_t> elements,
                            const std::vector<bool>& is_wanted);

}  // namespace rondo::nn::cuda
