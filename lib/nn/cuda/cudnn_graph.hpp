// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cudnn.h>

#include "rondo/base/device.hpp"
#include "rondo/base/device_limit.hpp"
#include "rondo/base/device_stream.hpp"
#include "rondo/base/unique_handle.hpp"

// What of cuDNN's graph API convolutions need: descriptors that own themselves, and plans.
// https://docs.nvidia.com/deeplearning/cudnn/backend/latest/api/cudnn-graph-library.html
namespace rondo::nn::cuda::cudnn {

/// \throws DeviceError  naming the call, with cuDNN's own words
void check(cudnnStatus_t status, std::string_view call);

struct HandleTraits {
  using handle_type = cudnnHandle_t;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type handle) noexcept {
    if (!device_has_hung()) cudnnDestroy(handle);
  }
};

struct DescriptorTraits {
  using handle_type = cudnnBackendDescriptor_t;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type descriptor) noexcept {
    if (!device_has_hung()) cudnnBackendDestroyDescriptor(descriptor);
  }
};

/// A descriptor of the graph API: attributes are set, then it is finalized.
class Descriptor {
 public:
  explicit Descriptor(cudnnBackendDescriptorType_t type);

  cudnnBackendDescriptor_t handle() const noexcept { return handle_.get(); }

  void set(cudnnBackendAttributeName_t name, std::int64_t value);
  void set(cudnnBackendAttributeName_t name, std::span<const std::int64_t> values);
  void set(cudnnBackendAttributeName_t name, double value);
  void set(cudnnBackendAttributeName_t name, bool value);
  void set(cudnnBackendAttributeName_t name, cudnnDataType_t value);
  void set(cudnnBackendAttributeName_t name, cudnnConvolutionMode_t value);
  void set(cudnnBackendAttributeName_t name, cudnnPointwiseMode_t value);
  void set(cudnnBackendAttributeName_t name, cudnnBackendHeurMode_t value);
  void set(cudnnBackendAttributeName_t name, cudnnHandle_t value);
  void set(cudnnBackendAttributeName_t name, const Descriptor& value);
  void set(cudnnBackendAttributeName_t name, std::span<const Descriptor> values);
  void set(cudnnBackendAttributeName_t name, std::string_view text);
  void set(cudnnBackendAttributeName_t name, std::span<void* const> addresses);
  void set_address(cudnnBackendAttributeName_t name, void* address);

  void finalize();

  std::int64_t number(cudnnBackendAttributeName_t name) const;
  std::vector<cudnnBackendNumericalNote_t> numerical_notes() const;
  /// What is described by a finalized one.
  Descriptor part(cudnnBackendAttributeName_t name, cudnnBackendDescriptorType_t type) const;
  std::vector<Descriptor> parts(cudnnBackendAttributeName_t name,
                                cudnnBackendDescriptorType_t type) const;

 private:
  void set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
               std::size_t count, const void* values);

  UniqueHandle<DescriptorTraits> handle_;
};

/// The GPU that plans are made for: this process's, or one that is only described, for which plans
/// can be made, but not run.
class Target {
 public:
  explicit Target(const Device& device);
  /// From cuDNN's text of a GPU's properties (CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION).
  explicit Target(std::string_view properties);

  /// Null without a GPU.
  cudnnHandle_t handle() const noexcept { return handle_.get(); }
  void set_graph(Descriptor& graph) const;
  void set_heuristics(Descriptor& heuristics) const;
  void set_plan(Descriptor& plan) const;

 private:
  UniqueHandle<HandleTraits> handle_;
  std::optional<Descriptor> properties_;
};

enum class Pass : std::uint8_t { forward, backward_data, backward_weights };

/// Whether the parts of a sum may be added up in another order at each run, with other bits.
enum class SumOrder : std::uint8_t { fixed, any };

/// What a forward pass does with its sums, in f32 and in this order, in the same kernel.
struct Epilogue {
  bool scales = false;  ///< by a number for each output channel
  bool bias = false;    ///< plus a number for each
  bool adds = false;    ///< plus a tensor as the output
  bool relu = false;

  auto operator<=>(const Epilogue&) const = default;
};

/// One pass of a convolution: tensors (N, H, W, C) and weights (K, R, S, C), all of one type.
struct Problem {
  Pass pass = Pass::forward;
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  std::array<std::int64_t, 4> input{};    ///< N, C, H, W
  std::array<std::int64_t, 4> weights{};  ///< K, C, R, S
  std::array<std::int64_t, 4> output{};   ///< N, K, P, Q
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  SumOrder order = SumOrder::fixed;
  Epilogue epilogue = {};

  auto operator<=>(const Problem&) const = default;
};

/// For errors: the pass, shapes and type.
std::string describe(const Problem& problem);

/// A way to compute a Problem.
class Plan {
 public:
  /// The tensors' addresses: what a gradient is of stands where the gradient stands.
  struct Addresses {
    void* input = nullptr;
    void* weights = nullptr;
    void* output = nullptr;
    /// Those that the epilogue has: of f32, K, at a multiple of 4 bytes ...
    void* scale = nullptr;
    void* bias = nullptr;
    void* addend = nullptr;  ///< ... and as the output
  };

  std::size_t workspace_bytes() const noexcept { return workspace_bytes_; }
  /// Queues it. `workspace` is as large as workspace_bytes(), or null for 0.
  void run(cudnnHandle_t handle, DeviceStream& stream, const Addresses& addresses,
           void* workspace) const;

 private:
  friend class PlanSearch;
  explicit Plan(Descriptor plan);

  Descriptor plan_;
  std::size_t workspace_bytes_;
};

/// A plan that needs more is not taken. Every pass of a ResNet-50's convolutions has one that needs
/// no more, for a batch of 256.
inline constexpr std::size_t most_workspace_bytes = std::size_t{1} << 30;

/// Goes through cuDNN's ways to compute a problem, the one that should be fastest first, by its
/// heuristics. All of them accumulate in f32 or more, those of f32 do not round their inputs to a
/// shorter type, and none gives other bits at each run unless the problem's order is any. The same
/// ones on GPUs of one model.
class PlanSearch {
 public:
  /// \throws DeviceError  cuDNN has no graph for the problem
  PlanSearch(const Target& target, const Problem& problem);

  /// The next one that can be had here, or none. Slow: tens of milliseconds each.
  std::optional<Plan> next();
  /// The plan that next() returned last does not work: for tried().
  void refuse(std::string_view why);
  /// What became of those that were not taken, by cuDNN's numbers of engines.
  std::string tried() const;

 private:
  std::optional<Descriptor> next_configuration();

  const Target& target_;
  Problem problem_;
  Descriptor graph_;
  std::size_t modes_ = 0;                   ///< of the heuristics that were asked
  std::vector<Descriptor> configurations_;  ///< the next one last
  std::int64_t engine_ = -1;                ///< of the plan that was returned last
  std::vector<std::string> refused_;
};

}  // namespace rondo::nn::cuda::cudnn
