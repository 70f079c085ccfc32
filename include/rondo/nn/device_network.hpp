// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "rondo/base/device.hpp"
#include "rondo/base/device_parameter.hpp"
#include "rondo/base/device_span.hpp"
#include "rondo/base/device_stream.hpp"
#include "rondo/nn/network.hpp"

namespace rondo::nn {

/// A Batch in a GPU's memory, which must keep its contents until the work on it has run.
///
/// Nobody on the host sees these labels: whoever uploads them has them checked by check_labels().
/// A label outside [0, classes) that comes here nevertheless is read nowhere else: it makes the
/// loss and its sample's gradients NaN.
struct DeviceBatch {
  DeviceSpan<const float> images;         ///< (N, C, H, W), normalised
  DeviceSpan<const std::int32_t> labels;  ///< (N), each in [0, classes)
  DeviceSpan<const float> weights = {};   ///< (N) loss weights; empty: all 1
  std::uint64_t step = 0;                 ///< of the run; Dropout draws by it
  std::size_t lane = 0;                   ///< of the step; the same
  /// As many lanes of the step, from that one on, one behind the other and equally long: as if they
  /// came one by one, each with its own statistics of BatchNorm and masks of Dropout, but for the
  /// order of sums. At most DeviceNetworkOptions::lanes.
  std::size_t lanes = 1;
  std::size_t size() const { return labels.size(); }
};

/// \throws UsageError  naming the first label outside [0, classes)
void check_labels(std::span<const std::int32_t> labels, std::size_t classes);

/// A Network on a GPU: the same layers, parameters, gradients and masks of Dropout. Local.
///
/// All work is queued on the caller's stream, and nothing waits for it. The network has one memory
/// for activations: what is queued on one stream must be ordered before what is queued on another.
/// Activations are kept as (N, H, W, C) in the type of `precision()`, with f32 arithmetic between
/// loads and stores.
///
/// The network does not own its parameters: `bind` gives it views (f32, logical shapes of
/// `parameters()`), which must be valid until the work on them has run. It keeps working copies of
/// weights, renewed by one kernel at the beginning of the next pass after `parameters_changed`:
/// call it after every change of a value, before the pass that shall see it. Layers that compute in
/// bf16 read the views' copies, if there are any, in place of rounding the values.
///
/// Results are deterministic for a given micro-batch: no sum depends on which thread comes first,
/// but for PlanChoice::measured.
/// Not thread-safe. The destructor waits for all of the GPU's work.
class DeviceNetwork {
 public:
  virtual ~DeviceNetwork() = default;

  virtual const NetworkSpec& spec() const noexcept = 0;
  /// What the layers compute in.
  virtual Precision precision() const noexcept = 0;
  /// All parameters and statistics, in the order of the forward pass.
  virtual std::span<const ParameterSpec> parameters() const noexcept = 0;
  /// May wait for the GPU. Counts as a change of all values.
  /// \throws UsageError  not one view of the right length for each of `parameters()`.
  virtual void bind(std::span<const DeviceParameterView> views) = 0;
  virtual void parameters_changed() noexcept = 0;

  /// Parameters at whose report `train` is to tell the caller at once: `ready` may be called for
  /// the others when it is for the next of these, or at the end. With graphs, one ends there.
  /// Without a call: all of them, and with graphs the last one alone.
  virtual void report_at(std::span<const std::size_t> parameters) = 0;

  /// Queues forward and backward. **Adds** d(sum of weight * loss) * loss_scale / d(parameter) to
  /// each bound gradient, and weight sum * batch statistic (not scaled by loss_scale) to each
  /// statistic's (lane by lane); **adds** the sum of weight * cross-entropy to sums[0] and the
  /// number of samples whose largest logit is the label's to sums[1].
  ///
  /// `ready` may be empty; it is called once for every parameter, the last one first, when all work
  /// that completes its gradient is queued. A sample of weight 0 takes part in BatchNorm's
  /// statistics and in nothing else. An empty batch is legal: every parameter is reported as ready
  /// and nothing is queued.
  ///
  /// A batch of more samples than any before, and than the options say, gets new memory first,
  /// which waits for the GPU.
  /// \throws UsageError   not bound, sizes that do not fit
  /// \throws DeviceError  out of memory, a fault of earlier work
  virtual void train(DeviceStream& stream, const DeviceBatch& batch, float loss_scale,
                     DeviceSpan<float> sums, const GradientReady& ready) = 0;

  /// Forward only, with the running statistics; adds to `sums` as `train` does.
  virtual void evaluate(DeviceStream& stream, const DeviceBatch& batch, DeviceSpan<float> sums) = 0;
};

/// Which kernels multiply by weights, in convolutions and linear layers.
enum class DeviceKernels : std::uint8_t {
  direct,    ///< a thread for each result, sums in f64: slow; the oracle for faster ones
  libraries  ///< cuDNN's convolutions, cuBLASLt's linear layers
};

/// How cuDNN's way to compute a convolution is chosen. cuBLASLt's are always those of its
/// heuristics.
enum class PlanChoice : std::uint8_t {
  /// As the library says when a batch size first occurs: alike on all GPUs of one model, and of the
  /// ways that give the same bits on every run.
  heuristic,
  /// The fastest of some, which may be another one on the next run, with other bits: measured by
  /// make_device_network(), for DeviceNetworkOptions::lanes full lanes. For other sizes as the
  /// library says. Gradients of weights may be added up in another order on each run.
  measured
};

/// Whether `train` queues the work on DeviceNetworkOptions::lanes full lanes as CUDA graphs, whose
/// kernels the GPU starts without the host: from the second or third such batch on, as the first
/// ones choose the libraries' plans and take memory. The bits are the same.
enum class DeviceGraphs : std::uint8_t {
  off,
  automatic,  ///< unless CUDA cannot capture the work, which is logged once
  on          ///< or a DeviceError
};

struct DeviceNetworkOptions {
  DeviceKernels kernels = DeviceKernels::libraries;
  PlanChoice plans = PlanChoice::heuristic;
  DeviceGraphs graphs = DeviceGraphs::off;  ///< not where each launch is waited for
  precision::Policy precision = Precision::f32;
  std::size_t micro_batch = 64;  ///< how many samples of a lane memory is taken for at first
  std::size_t lanes = 1;         ///< the most in one batch
  std::uint64_t seed = 0;        ///< of Dropout
};

/// \throws UsageError   layers that do not fit each other (which one, which shapes)
/// \throws ConfigError  a build without CUDA, or a precision policy with contradictions
/// \throws DeviceError  out of memory, or no way to compute a layer where ways are measured
std::unique_ptr<DeviceNetwork> make_device_network(const Device& device, const NetworkSpec& spec,
                                                   const DeviceNetworkOptions& options);

}  // namespace rondo::nn
