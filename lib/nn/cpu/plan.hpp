// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rondo/base/aligned_buffer.hpp"

#include "nn/cpu/operation.hpp"
#include "nn/cpu/stage.hpp"
#include "nn/topology.hpp"

namespace rondo::nn::cpu {

struct PlanOptions {
  Mode mode;
  Precision precision;
  std::size_t batch_size;
};

/// A network made ready for one batch size: primitives, layouts and all memory.
///
/// `topology`, `views` and `needed` are the caller's and must outlive the plan. Running allocates
/// nothing.
class Plan {
 public:
  Plan(const Topology& topology, std::span<const ParameterView> views,
       const ParameterNeeded& needed, const PlanOptions& options);
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  /// The parameters have changed: copies of them are renewed at the next run.
  void parameters_changed() { stale_ = true; }
  /// Of the next `train`.
  void set_dropout(const DropoutKey& key) { context_.dropout = key; }
  BatchSums train(const Batch& batch, float loss_scale, const GradientReady& ready);
  BatchSums evaluate(const Batch& batch);
  /// As Network::kernels, valid as long as the plan.
  std::vector<LayerKernel> kernels() const;

 private:
  /// A stage and the layer whose parameters it completes.
  struct Step {
    StagePointer stage;
    const ResolvedLayer* layer;
  };

  /// A value that some layers still have to read.
  struct OpenValue {
    Edge edge;
    std::size_t readers;
  };

  /// Returns the edge of the logits.
  Edge build(const Topology& topology);
  void add(StagePointer stage, const ResolvedLayer* layer);
  /// The edge for one reader of the value.
  Edge take(OpenValue& value);
  void make_logits(const Edge& last);
  void forward(std::span<const float> images);
  void backward(double weight, const GradientReady& ready);
  void round(const dnnl::memory& memory) const;

  const ParameterNeeded& needed_;
  PlanContext context_;
  Edge input_;
  std::vector<Step> steps_;
  AlignedBuffer<float> logits_;
  AlignedBuffer<float> logits_diff_;
  Operation read_logits_;
  Operation write_logits_diff_;
  bool stale_ = true;
};

}  // namespace rondo::nn::cpu
