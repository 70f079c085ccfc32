// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

#include "rondo/base/device_memory.hpp"
#include "rondo/precision/device_pieces.hpp"

namespace rondo::precision {

/// How a gradient sum becomes a gradient: it is divided by the weights of the step times the loss
/// scale, and then made no longer than `clip_norm`.
struct Unscaling {
  double divisor = 1;
  double clip_norm = std::numeric_limits<double>::infinity();
};

/// What the length of a gradient says about its step.
struct GradientVerdict {
  double squares = 0;        ///< of the sums; not finite if a sum is not, running averages included
  double norm = 0;           ///< sqrt(squares) / divisor
  float scale = 0;           ///< what the sums are multiplied by: 1 / divisor, less where clipped
  std::uint32_t finite = 0;  ///< 1: the step may be applied
};

/// The norm of a gradient on a GPU: nobody waits for it, the verdict stays in the GPU's memory,
/// where the update reads it.
///
/// Two launches, 4 bytes an element. The squares have the bits of the CPU: of each piece those of
/// sum_of_squares(), of each parameter and of all those of strided_sum(), as a session adds them.
class GradientNorm {
 public:
  /// `pieces` must outlive this.
  GradientNorm(const Device& device, const DevicePieces& pieces);

  /// Queued on `stream`: one stream at a time. \throws UsageError  fewer gradients than the pieces
  /// cover, or a divisor or bound that is not above 0
  void measure(DeviceStream& stream, DeviceSpan<const float> grads, const Unscaling& unscaling);

  /// measure() in two: ranks that each hold some of the pieces add up squares() in between.
  void measure_pieces(DeviceStream& stream, DeviceSpan<const float> grads);
  void add_up(DeviceStream& stream, const Unscaling& unscaling);

  const DevicePieces& pieces() const noexcept { return pieces_; }
  /// By piece, of the last measure(); of those without elements zero.
  DeviceSpan<const double> squares() const noexcept { return squares_.span(); }
  DeviceSpan<double> squares() noexcept { return squares_.span(); }
  /// By parameter, as the pieces count them.
  DeviceSpan<const double> parameter_squares() const noexcept { return parameter_squares_.span(); }
  /// One element.
  DeviceSpan<const GradientVerdict> verdict() const noexcept { return verdict_.span(); }

 private:
  const DevicePieces& pieces_;
  DeviceMemory<double> squares_;
  DeviceMemory<double> parameter_squares_;
  DeviceMemory<GradientVerdict> verdict_;
  DeviceMemory<std::uint32_t> blocks_done_;
};

}  // namespace rondo::precision
