// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <dnnl.hpp>

#include "rondo/nn/network.hpp"

#include "nn/dropout_mask.hpp"
#include "nn/topology.hpp"

namespace rondo::nn::cpu {

enum class Mode : std::uint8_t { train, evaluate };

/// An activation between two stages, (N, C, H, W) logically, and its gradient in the same layout.
struct Edge {
  ImageShape shape;
  dnnl::memory value;
  dnnl::memory diff;  ///< empty where nobody needs it: evaluation, before the first parameter
  bool has_diff() const { return static_cast<bool>(diff); }
};

/// Memory of the gradients of activations, in a few buffers: two for a chain of stages, of which
/// only one's input and output are alive at any time.
///
/// Stages are made in the order of the forward pass. A gradient lives from its edge's reader
/// backwards to the edge's writer, so two of them may share a buffer if one was released before the
/// other was added.
class DiffBuffers {
 public:
  explicit DiffBuffers(dnnl::engine engine) : engine_(std::move(engine)) {}

  /// In use from now on; has an address after `allocate`.
  dnnl::memory add(const dnnl::memory::desc& desc);
  /// No stage that is made from now on reads the edge. Again, or without memory: does nothing.
  void release(const dnnl::memory& diff);
  /// The two are the same bytes, which are in use while one of them is.
  void unite(const dnnl::memory& one, const dnnl::memory& other);
  void allocate();

 private:
  struct Diff {
    dnnl::memory memory;
    std::size_t group;  ///< the first one of those that it was united with
    std::size_t begin;
    std::size_t end = SIZE_MAX;
  };
  struct Buffer {
    std::size_t bytes = 0;
    std::size_t free_from = 0;
    dnnl::memory memory = {};
  };

  Diff& find(const dnnl::memory& diff);
  /// The index of one that is free from then on.
  std::size_t free_buffer(std::size_t at);

  dnnl::engine engine_;
  std::size_t clock_ = 0;
  std::vector<Diff> diffs_;
  std::vector<Buffer> buffers_;
};

/// What all stages of one plan share.
struct PlanContext {
  Mode mode;
  Precision precision;
  std::size_t batch_size;
  std::span<const ParameterView> views;
  dnnl::engine engine;
  dnnl::stream stream;
  DiffBuffers diffs;
  DropoutKey dropout;  ///< of the micro-batch at hand

  /// The type of activations. f16 does not exist on CPUs: f32 holds rounded values.
  dnnl::memory::data_type type() const {
    return precision == Precision::bf16 ? dnnl::memory::data_type::bf16
                                        : dnnl::memory::data_type::f32;
  }
  dnnl::memory::dims dims(const ImageShape& shape) const;
  /// Any layout, to be chosen by oneDNN.
  dnnl::memory::desc any_layout(const ImageShape& shape) const;
  bool trains() const { return mode == Mode::train; }
  /// A new edge; its gradient exists if `wants_diff`.
  Edge make_edge(const ImageShape& shape, const dnnl::memory::desc& desc, bool wants_diff);
};

class Operation;

/// A primitive of a layer, as LayerKernel says.
struct StageKernel {
  const char* work;
  const Operation* operation;
};

/// One or several fused layers at a fixed batch size, with memory for their output.
class Stage {
 public:
  Stage() = default;
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  virtual ~Stage() = default;

  const Edge& output() const { return output_; }

  /// Takes over changed parameter values.
  virtual void refresh_parameters() {}
  virtual void forward() = 0;
  /// Turns the gradient of the output into the input's, where that is wanted, and adds to the
  /// gradients of the parameters; to those of statistics `weight` times their value.
  virtual void backward(double weight) = 0;

  /// Forward's one, then backward's in their order; none of a stage that only changes layouts.
  virtual std::vector<StageKernel> kernels() const { return {}; }

 protected:
  Edge output_;
};

using StagePointer = std::unique_ptr<Stage>;
enum class FusedRelu : bool { no, yes };

StagePointer make_convolution(PlanContext& context, const ResolvedLayer& layer, const Edge& input);
StagePointer make_linear(PlanContext& context, const ResolvedLayer& layer, const Edge& input);
StagePointer make_batch_norm(PlanContext& context, const ResolvedLayer& layer, const Edge& input,
                             FusedRelu relu);
StagePointer make_relu(PlanContext& context, const Edge& input);
StagePointer make_pool(PlanContext& context, const ResolvedLayer& layer, const Edge& input);
/// By our own kernels, whose rules are in kernels/max_pool.hpp; windows above 16 x 16 as make_pool.
StagePointer make_max_pool(PlanContext& context, const ResolvedLayer& layer, const Edge& input);
/// BatchNorm, ReLU and MaxPool as one stage, in bf16, if our own kernels can do that
/// (kernels/norm_pool.hpp); null if not.
StagePointer make_norm_pool(PlanContext& context, const ResolvedLayer& norm,
                            const ResolvedLayer& pool, const Edge& input);
/// The sum of two edges of the same shape, in the layout of the first.
StagePointer make_add(PlanContext& context, const Edge& branch, const Edge& shortcut,
                      FusedRelu relu);
/// No stage at all (null) in evaluation.
StagePointer make_dropout(PlanContext& context, const ResolvedLayer& layer, const Edge& input);
/// Two edges of the same values, and the stage that adds their gradients; null without gradients.
struct Fork {
  StagePointer stage;
  Edge first;
  Edge second;
};
Fork make_fork(PlanContext& context, const Edge& input);
/// The same values as `desc`; no stage at all (null) if the input already is.
StagePointer make_conversion(PlanContext& context, const Edge& input,
                             const dnnl::memory::desc& desc);

}  // namespace rondo::nn::cpu
