// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "rondo/grad/compression.hpp"

namespace rondo::grad {

struct TopKOptions {
  double fraction = 0.05;
  std::size_t warmup_steps = 0;  ///< in which the fraction falls from 1, by a constant factor each
};

/// The fraction of the elements that travels: it falls from 1 by a constant factor a step.
class WarmUp {
 public:
  /// A step has so many elements.
  WarmUp(const TopKOptions& options, std::size_t elements) noexcept
      : options_(options), elements_(elements) {}

  /// How many entries of the next `elements` travel. A step is over when as many have been asked
  /// for as there are.
  std::size_t next_entries(std::size_t elements);

  /// The steps that are over, up to the end of the warm-up: for checkpoints.
  std::span<float, 1> steps() noexcept { return steps_; }

 private:
  double fraction() const;

  TopKOptions options_;
  std::size_t elements_;
  std::array<float, 1> steps_{};
  std::size_t summed_ = 0;  // elements of the current step
};

/// Those that are worth it: the weights.
std::vector<PlacedParameter> sparse_parameters(std::span<const PlacedParameter> parameters);

/// "topk": of each range the k = ceil(fraction * elements) values of the largest magnitude, as they
/// are (Aji and Heafield, "Sparse Communication for Distributed Gradient Descent", EMNLP 2017;
/// with the memory of Stich et al., "Sparsified SGD with Memory", NeurIPS 2018).
///
///     sent = gradient + residual where that is among the k largest, else 0
///     residual = gradient + residual - sent
///
/// Only weights: biases and the scale and shift of norms are few, and summed exactly. The warm-up
/// is that of Lin et al., "Deep Gradient Compression" (ICLR 2018): gradients change fast at first.
/// It goes on where a checkpoint left it.
///
/// Pairs of index and value reach all ranks by one allgather; each rank sends (p-1) 8 k bytes, that
/// is p * fraction of what f32 takes. |residual| is at most sqrt(1 - fraction) |gradient +
/// residual| in the 2-norm. Memory: S bytes of residual; 8 (p+1) k bytes while a range travels.
/// Passes over the range: 3, and one that clears it.
std::unique_ptr<Compressor> make_top_k(std::span<const PlacedParameter> parameters,
                                       const TopKOptions& options);

}  // namespace rondo::grad
