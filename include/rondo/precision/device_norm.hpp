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
/// One launch, 4 bytes an element. The sum of squares of each piece has the bits of
/// sum_of_squares(). They add up in one order, whatever the GPU: 1024 partial sums take every
/// 1024th piece each and are added pairwise, sum i and sum i + 512 first. (On the CPU a session
/// adds piece by piece, so that the last bits of `squares` may differ from its own.)
class GradientNorm {
 public:
  static constexpr std::size_t partial_sums = 1024;

  /// `pieces` must outlive this.
  GradientNorm(const Device& device, const DevicePieces& pieces);

  /// Queued on `stream`: one stream at a time. \throws UsageError  fewer gradients than the pieces
  /// cover, or a divisor or bound that is not above 0
  void measure(DeviceStream& stream, DeviceSpan<const float> grads, const Unscaling& unscaling);

  const DevicePieces& pieces() const noexcept { return pieces_; }
  /// By piece, of the last measure().
  DeviceSpan<const double> squares() const noexcept { return squares_.span(); }
  /// One element.
  DeviceSpan<const GradientVerdict> verdict() const noexcept { return verdict_.span(); }

 private:
  const DevicePieces& pieces_;
  DeviceMemory<double> squares_;
  DeviceMemory<GradientVerdict> verdict_;
  DeviceMemory<std::uint32_t> blocks_done_;
};

}  // namespace rondo::precision
