// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/parameter.hpp"
#include "rondo/nn/network_spec.hpp"
#include "rondo/precision/policy.hpp"

namespace rondo::nn {

/// One micro-batch; the spans are the caller's and are read during the call only.
struct Batch {
  std::span<const float> images;         ///< (N, C, H, W), normalised
  std::span<const std::int32_t> labels;  ///< (N), each in [0, classes)
  std::span<const float> weights = {};   ///< (N) loss weights; empty: all 1
  std::uint64_t step = 0;                ///< of the run; Dropout draws by it
  std::size_t lane = 0;                  ///< of the step; the same
  std::size_t size() const { return labels.size(); }
};

/// Sums over the samples of a micro-batch; never means.
struct BatchSums {
  double weight = 0;        ///< sum of the loss weights
  double loss = 0;          ///< sum of weight * cross-entropy
  std::size_t correct = 0;  ///< samples whose largest logit is the label's
};

/// Called with the index of a parameter as soon as its gradient of this micro-batch is complete.
using GradientReady = std::function<void(std::size_t parameter)>;

/// Called with the index of a parameter before a layer reads its value.
using ParameterNeeded = std::function<void(std::size_t parameter)>;

/// What one layer computes in one direction of a training pass, on its own.
struct LayerKernel {
  std::string layer;  ///< "conv1"
  std::string work;   ///< "forward", "backward", or "weights" and "data" for backward's two parts
  std::string implementation;  ///< the backend's name for how, e.g. "jit:avx512_core"
  std::function<void()> run;
};

/// A model with forward, backward and loss on one device. Local: nothing here communicates.
///
/// The network does not own its parameters: `bind` gives it views (f32, logical shapes of
/// `parameters()`), which must be valid whenever it computes. It may keep working copies in other
/// types and layouts; call `parameters_changed` after every change of a value. Layers that
/// compute in bf16 read the views' copies, if there are any, in place of rounding the values.
/// Results are deterministic for a given micro-batch size and thread count. Not thread-safe.
class Network {
 public:
  virtual ~Network() = default;

  virtual const NetworkSpec& spec() const noexcept = 0;
  /// What the layers compute in: the precision asked for, or what stands in for it on this machine.
  virtual Precision precision() const noexcept = 0;
  /// All parameters and statistics, in the order of the forward pass.
  virtual std::span<const ParameterSpec> parameters() const noexcept = 0;
  /// \throws UsageError  not one view of the right length for each of `parameters()`.
  virtual void bind(std::span<const ParameterView> views) = 0;
  virtual void parameters_changed() = 0;
  /// From now on every forward pass calls `needed` for the parameters of each layer, in their
  /// order, just before it runs: values may still be arriving until then. It may be empty.
  virtual void before_reading(ParameterNeeded needed) = 0;

  /// Forward and backward. **Adds** d(sum of weight * loss) * loss_scale / d(parameter) to each
  /// bound gradient, and weight sum * batch statistic (not scaled by loss_scale) to each
  /// statistic's. `ready` may be empty; it is called once for every parameter, the last one first.
  /// A sample of weight 0 takes part in BatchNorm's statistics and in nothing else. An empty batch
  /// is legal: every parameter is reported as ready and nothing changes.
  /// \throws UsageError  not bound, sizes that do not fit, a label outside [0, classes)
  virtual BatchSums train(const Batch& batch, float loss_scale, const GradientReady& ready) = 0;

  /// Forward only, with the running statistics.
  virtual BatchSums evaluate(const Batch& batch) = 0;

  /// For measurements: the layers' kernels in the order of `train`, on its buffers for
  /// `batch_size` samples, without what carries values between them, the caller's memory and the
  /// loss. They overwrite activations and nothing that outlives a call of `train`. Valid until the
  /// next `bind`. Empty where the backend has no kernels apart.
  virtual std::vector<LayerKernel> kernels(std::size_t /*batch_size*/) { return {}; }
};

enum class Backend : std::uint8_t {
  reference,  ///< naive loops, f32; the oracle of the tests
  cpu,        ///< oneDNN
};

struct NetworkOptions {
  Backend backend = Backend::cpu;
  precision::Policy precision = Precision::f32;
  std::size_t micro_batch = 64;  ///< the usual batch size; other sizes work and are slower at first
  int threads = 1;
  std::uint64_t seed = 0;  ///< of Dropout
};

/// \throws UsageError   layers that do not fit each other (which one, which shapes)
/// \throws ConfigError  backend or precision not available in this build, or a policy with
///                      contradictions
std::unique_ptr<Network> make_network(const NetworkSpec& spec, const NetworkOptions& options);

/// True if this CPU multiplies bf16 natively (AVX512_BF16 or AMX).
bool cpu_has_bf16();

/// Fills the values: weights He-normal (fan-in, gain sqrt 2), last linear layer Xavier-uniform,
/// biases 0, normalisation scales as the layers say, running variances 1. A pure function of (seed,
/// parameter index, element): the same on every rank.
void initialize(const Network& network, std::span<const ParameterView> views, std::uint64_t seed);
/// For a network elsewhere, as a DeviceNetwork: `views` have the shapes of its `parameters()`, and
/// need no gradients.
void initialize(const NetworkSpec& spec, std::span<const ParameterView> views, std::uint64_t seed);

}  // namespace rondo::nn
