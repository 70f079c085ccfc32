// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/base/parameter.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/grad/layout.hpp"
#include "rondo/grad/reduction.hpp"
#include "rondo/grad/sharding.hpp"

/// Gradients that travel with fewer bits; lib/grad/README.md says which method costs what.
namespace rondo::grad {

/// A parameter and where its first element lies in the arena.
struct PlacedParameter {
  ParameterSpec spec;
  std::size_t begin = 0;
};

/// All of a layout's.
std::vector<PlacedParameter> placed_parameters(const Layout& layout);

/// Whose a compressor's tensor is.
enum class StateKind : std::uint8_t {
  per_rank,  ///< every rank has its own, and only their sum over the ranks means something
  shared     ///< the same bits on every rank
};

/// A view of what a compressor remembers from step to step.
struct StateTensor {
  std::string name;  ///< unique, e.g. "residual/conv1.weight"
  Shape shape;
  std::span<float> values;
  StateKind kind = StateKind::per_rank;
};

/// A sum over the ranks that was started. Destroying it unfinished waits for what is under way and
/// leaves the gradients unspecified.
class PendingSum {
 public:
  virtual ~PendingSum() = default;
  /// Waits for the first round of messages and starts the second, where the method has two. Calling
  /// it for all sums before the first finish() overlaps the rounds. Collective: all ranks advance
  /// and finish their sums in the order in which they started them. \throws CommError
  virtual void advance() {}
  /// Completes the sum. Collective, once. \throws CommError
  virtual void finish() = 0;
};

/// Sums gradients over the ranks, approximately: what this rank could not send stays in its
/// residual and is added to its next gradient (error feedback: Seide et al., "1-Bit Stochastic
/// Gradient Descent", Interspeech 2014; Karimireddy et al., "Error Feedback Fixes SignSGD", ICML
/// 2019). For every element, over any number of steps and up to f32 rounding,
///     sum of results = sum over ranks and steps of gradients - sum over ranks of residuals.
///
/// One object per rank and arena. All ranks end with the same bits. Statistics, and elements that
/// belong to no parameter (trailers), are summed exactly, as Communicator::allreduce does. A value
/// that is infinite or NaN on any rank makes results non-finite on all; what the residual kept of
/// that place before stays. Not thread-safe.
class Compressor {
 public:
  virtual ~Compressor() = default;

  /// Starts to replace `gradients` in `range` by their sum over the ranks. `gradients` is the whole
  /// arena; it must live until the sum is finished, and nobody else may touch the range. A matrix
  /// that power_sgd compresses is summed with the range in which it ends.
  ///
  /// Collective: equal ranges in equal order. The compressor and `comm` outlive the result.
  virtual std::unique_ptr<PendingSum> start(comm::Communicator& comm, std::span<float> gradients,
                                            ElementRange range) = 0;

  /// The same as finishing at once what start() returns.
  void reduce(comm::Communicator& comm, std::span<float> gradients, ElementRange range) {
    start(comm, gradients, range)->finish();
  }

  /// What a checkpoint must hold for a run to continue; see compression_state.hpp. The views live
  /// as long as the compressor; no sum may be pending while they are written. Local.
  virtual std::vector<StateTensor> state() = 0;

  /// Multiplies the residuals: they have the gradients' unit, so a loss scale that changes by
  /// `factor` takes them along. Local, the same on all ranks.
  void rescale(float factor);
};

/// The methods' parameters. Equal on all ranks.
struct CompressionOptions {
  std::size_t block = 256;         ///< int8: elements that share a scale, 1 to 65536
  double fraction = 0.05;          ///< topk: of a range's elements that is sent, above 0, at most 1
  std::size_t warmup_steps = 200;  ///< topk: in which that fraction falls from 1 to its own
  std::size_t rank = 4;            ///< powersgd: columns of the factors, 1 to 256
  std::uint64_t seed = 0;          ///< powersgd: of the first factors
};

/// "none", "bf16", "f16", "int8", "topk", "powersgd".
std::span<const std::string_view> compression_names();

/// A method with the options that count for it, e.g. "topk, fraction 0.01".
std::string compression_text(std::string_view name, const CompressionOptions& options);

/// The compressor called `name` for an arena laid out as `parameters` say, in any order.
/// Local. \throws ConfigError  an unknown name, an option out of its range
std::unique_ptr<Compressor> make_compressor(std::string_view name,
                                            const CompressionOptions& options,
                                            std::vector<PlacedParameter> parameters);

/// \throws ConfigError  compression `name` with the fixed reduction, whose bits it cannot keep, or
///                      with sharding, which leaves a rank no whole gradient to correct
void check_compression(std::string_view name, Reduction reduction, Sharding sharding);

}  // namespace rondo::grad
