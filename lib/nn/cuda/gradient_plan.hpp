// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
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

/// The buffer in which a stage leaves the gradient of an input.
enum class GradientPlace : std::uint8_t {
  own,
  of_output,  ///< the output's gradient is the input's
  of_source   ///< the shortcut's gradient is the source's
};

/// What one stage reads and writes, by the topology's numbers of values.
struct StageValues {
  std::size_t source;
  std::optional<std::size_t> shortcut;
  std::size_t output;
  GradientPlace source_gradient = GradientPlace::own;
  GradientPlace shortcut_gradient = GradientPlace::of_source;
};

/// Which buffers a stage's gradients are in.
struct StageGradients {
  std::optional<std::size_t> output;    ///< none: nobody wants a gradient, so no pass
  std::optional<std::size_t> source;    ///< none: nobody wants it
  std::optional<std::size_t> shortcut;  ///< none as well; always there if it is the stage's own
  std::vector<GradientSum> sums;        ///< to be added when the stage is done
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
