// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/stage.hpp"

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "nn/cuda/batch_norm.hpp"
#include "nn/cuda/channel_sums.hpp"
#include "nn/cuda/library_linear.hpp"
#include "nn/cuda/pool.hpp"

namespace rondo::nn::cuda {
namespace {

std::unique_ptr<Convolution> make_convolution(const StageContext& context,
                                              const ResolvedLayer& layer) {
  const ConvolutionShape shape = convolution_shape(layer);
  if (context.libraries) return make_library_convolution(context.libraries, layer.name, shape);
  return make_direct_convolution(shape);
}

/// What a ReLU of the stage's own let pass: in the workspace, as others may share the output's
/// gradient.
Tensor passed_diff(const Pass& pass, const StageTensors& t, Activation activation) {
  if (activation == Activation::none) return t.output_diff;
  Tensor passed = t.output_diff;
  passed.data = t.workspace;
  relu_backward(pass.stream, t.output, t.output_diff, passed);
  return passed;
}

std::size_t passed_bytes(Activation activation, const ConvolutionShape& shape,
                         Precision precision) {
  return activation == Activation::none ? 0 : shape.output.elements() * bytes_of(precision);
}

class ConvolutionStage final : public Stage {
 public:
  ConvolutionStage(const StageContext& context, const ResolvedLayer& layer, Activation activation)
      : context_(context),
        layer_(layer.index),
        weight_(layer.first_parameter),
        has_bias_(layer.parameter_count > 1),
        activation_(activation),
        shape_(convolution_shape(layer)),
        convolution_(make_convolution(context, layer)) {}

  void forward(const Pass& pass, const StageTensors& t) override {
    convolution_->forward(pass.stream, t.input, context_.weights.of(layer_),
                          {.bias = bias(), .activation = activation_}, t.output);
  }

  bool forward_with(const Pass& pass, const StageTensors& t, Stage& next,
                    const StageTensors& of_next) override {
    if (activation_ != Activation::none || !context_.libraries) return false;
    const auto behind = next.normaliser(pass, of_next);
    if (!behind || !convolution_->may_normalise(t.input.batch, *behind)) return false;
    next.fold(pass, bias());
    return convolution_->forward_normalised(pass.stream, t.input, context_.weights.of(layer_),
                                            *behind, of_next.output);
  }

  void backward(const Pass& pass, const StageTensors& t) override {
    const Tensor diff = passed_diff(pass, t, activation_);
    if (has_bias_)
      add_channel_sums(pass.stream, diff, pass.slice_sums, context_.views[weight_ + 1].grad.data());
    const auto gradient = pass.weight_gradient.first(shape_.weights());
    convolution_->backward_weights(pass.stream, t.input, diff, gradient);
    add_weight_gradient(pass.stream, shape_, gradient, context_.views[weight_].grad);
    if (t.input_diff.data != nullptr)
      convolution_->backward_data(pass.stream, diff, context_.weights.of(layer_), t.input_diff);
  }

  void choose(const Pass& pass, const StageTensors& t) override {
    const auto gradient = pass.weight_gradient.first(shape_.weights());
    // No bias is bound yet: any numbers do.
    const float* const numbers = has_bias_ ? gradient.data() : nullptr;
    convolution_->choose(pass.stream, {.input = t.input,
                                       .output = t.output,
                                       .output_diff = t.output_diff,
                                       .input_diff = t.input_diff,
                                       .weights = context_.weights.of(layer_),
                                       .gradient = gradient,
                                       .tail = {.bias = numbers, .activation = activation_}});
  }

  std::size_t workspace_bytes_per_sample() const override {
    return passed_bytes(activation_, shape_, context_.weights.precision());
  }

 private:
  const float* bias() const {
    return has_bias_ ? context_.views[weight_ + 1].value.data() : nullptr;
  }

  const StageContext& context_;
  std::size_t layer_;
  std::size_t weight_;  ///< its parameter; the bias is the next one
  bool has_bias_;
  Activation activation_;
  ConvolutionShape shape_;
  std::unique_ptr<Convolution> convolution_;
};

/// By cuBLASLt.
class LinearStage final : public Stage {
 public:
  LinearStage(const StageContext& context, const ResolvedLayer& layer, Activation activation)
      : context_(context),
        layer_(layer.index),
        weight_(layer.first_parameter),
        has_bias_(layer.parameter_count > 1),
        activation_(activation),
        shape_(convolution_shape(layer)),
        linear_(context.libraries, shape_) {}

  void forward(const Pass& pass, const StageTensors& t) override {
    Bias bias;
    if (has_bias_)
      bias = {context_.views[weight_ + 1].value.data(), context_.weights.bias_of(layer_)};
    linear_.forward(pass.stream, t.input, context_.weights.of(layer_), bias, activation_, t.output);
  }

  void backward(const Pass& pass, const StageTensors& t) override {
    const Tensor diff = passed_diff(pass, t, activation_);
    BiasGradient bias;
    if (has_bias_) bias = {context_.views[weight_ + 1].grad.data(), pass.slice_sums};
    const auto gradient = pass.weight_gradient.first(shape_.weights());
    linear_.backward_weights(pass.stream, t.input, diff, gradient, bias);
    add_weight_gradient(pass.stream, shape_, gradient, context_.views[weight_].grad);
    if (t.input_diff.data != nullptr)
      linear_.backward_data(pass.stream, diff, context_.weights.of(layer_), t.input_diff);
  }

  std::size_t workspace_bytes_per_sample() const override {
    return passed_bytes(activation_, shape_, context_.libraries->precision());
  }

 private:
  const StageContext& context_;
  std::size_t layer_;
  std::size_t weight_;  ///< its parameter; the bias is the next one
  bool has_bias_;
  Activation activation_;
  ConvolutionShape shape_;
  LibraryLinear linear_;
};

class BatchNormStage final : public Stage {
 public:
  BatchNormStage(const StageContext& context, const ResolvedLayer& layer, const Tail& tail)
      : context_(context),
        epsilon_(std::get<BatchNorm>(layer.layer).epsilon),
        scale_(layer.first_parameter),
        count_(layer.input.channels),
        tail_(tail),
        memory_(context.device, 5 * context.lane.most_lanes() * count_,
                "a BatchNorm's statistics") {}

  void forward(const Pass& pass, const StageTensors& t) override {
    const NormChannels numbers = channels(pass);
    if (pass.trains)
      measure_statistics(pass.stream, t.input, numbers, pass.slice_sums);
    else
      take_statistics(pass.stream, context_.views[scale_ + 2].value.data(),
                      context_.views[scale_ + 3].value.data(), numbers);
    normalise(pass.stream, t.input, numbers, t.shortcut, tail_.activation, t.output);
  }

  void backward(const Pass& pass, const StageTensors& t) override {
    NormDiff diff{.diff = t.output_diff, .activation = tail_.activation};
    if (tail_.adds && tail_.activation == Activation::relu) {
      diff.output = t.output;
      diff.passed = t.shortcut_diff;
    }
    add_norm_gradients(pass.stream, t.input, diff, channels(pass), pass.weight_sums, gradients(),
                       pass.slice_sums);
    if (t.input_diff.data != nullptr)
      normalise_backward(pass.stream, t.input, diff, channels(pass), t.input_diff);
  }

  /// Nobody needs these numbers of the backward pass in one that does not train.
  std::optional<Normaliser> normaliser(const Pass& pass, const StageTensors& t) override {
    const NormChannels numbers = channels(pass);
    return Normaliser{.scale = numbers.mean_diff,
                      .shift = numbers.mean_product,
                      .addend = t.shortcut,
                      .activation = tail_.activation};
  }
  void fold(const Pass& pass, const float* bias) override {
    const NormChannels numbers = channels(pass);
    fold_statistics(pass.stream, context_.views[scale_ + 2].value.data(),
                    context_.views[scale_ + 3].value.data(), bias, numbers, numbers.mean_diff,
                    numbers.mean_product);
  }

  GradientPlace shortcut_gradient() const override {
    return tail_.activation == Activation::relu ? GradientPlace::own : GradientPlace::of_output;
  }

 private:
  NormChannels channels(const Pass& pass) {
    float* const own = memory_.span().data();
    const std::size_t numbers = pass.lanes * count_;
    return {.count = count_,
            .lanes = pass.lanes,
            .scale = context_.views[scale_].value.data(),
            .shift = context_.views[scale_ + 1].value.data(),
            .mean = own,
            .variance = own + numbers,
            .inverse_deviation = own + 2 * numbers,
            .mean_diff = own + 3 * numbers,
            .mean_product = own + 4 * numbers,
            .epsilon = epsilon_};
  }
  NormGradients gradients() const {
    const auto grad = [this](std::size_t i) { return context_.views[scale_ + i].grad.data(); };
    return {
        .scale = grad(0), .shift = grad(1), .running_mean = grad(2), .running_variance = grad(3)};
  }

  const StageContext& context_;
  float epsilon_;
  std::size_t scale_;  ///< its parameter; shift, running mean and variance are the next ones
  std::size_t count_;
  Tail tail_;
  DeviceMemory<float> memory_;
};

class ReluStage final : public Stage {
 public:
  void forward(const Pass& pass, const StageTensors& t) override {
    relu(pass.stream, t.input, t.output);
  }
  void backward(const Pass& pass, const StageTensors& t) override {
    relu_backward(pass.stream, t.output, t.output_diff, t.input_diff);
  }
};

class AddStage final : public Stage {
 public:
  explicit AddStage(Activation activation) : activation_(activation) {}

  void forward(const Pass& pass, const StageTensors& t) override {
    add(pass.stream, t.input, t.shortcut, activation_, t.output);
  }
  /// Both summands get the same gradient.
  void backward(const Pass& pass, const StageTensors& t) override {
    if (activation_ == Activation::relu)
      relu_backward(pass.stream, t.output, t.output_diff, t.input_diff);
  }
  GradientPlace source_gradient() const override {
    return activation_ == Activation::none ? GradientPlace::of_output : GradientPlace::own;
  }

 private:
  Activation activation_;
};

class MaxPoolStage final : public Stage {
 public:
  explicit MaxPoolStage(const ResolvedLayer& layer) : outputs_(layer.output.elements()) {
    const auto& pool = std::get<MaxPool>(layer.layer);
    window_ = {pool.kernel, pool.kernel, pool.stride, pool.padding};
    if (pool.kernel * pool.kernel > most_window_positions)
      throw ConfigError(
          fmt::format("layer {}: a GPU's windows of pools have at most {} elements, "
                      "not {}x{}",
                      layer.name, most_window_positions, pool.kernel, pool.kernel));
  }

  void forward(const Pass& pass, const StageTensors& t) override {
    max_pool(pass.stream, window_, t.input, t.output,
             pass.trains ? static_cast<WindowPosition*>(t.workspace) : nullptr);
  }
  void backward(const Pass& pass, const StageTensors& t) override {
    max_pool_backward(pass.stream, window_, static_cast<const WindowPosition*>(t.workspace),
                      t.output_diff, t.input_diff);
  }
  std::size_t workspace_bytes_per_sample() const override {
    return outputs_ * sizeof(WindowPosition);
  }

 private:
  Window window_{};
  std::size_t outputs_;
};

class AveragePoolStage final : public Stage {
 public:
  explicit AveragePoolStage(const Window& window) : window_(window) {}

  void forward(const Pass& pass, const StageTensors& t) override {
    average_pool(pass.stream, window_, t.input, t.output);
  }
  void backward(const Pass& pass, const StageTensors& t) override {
    average_pool_backward(pass.stream, window_, t.output_diff, t.input_diff);
  }

 private:
  Window window_;
};

class DropoutStage final : public Stage {
 public:
  explicit DropoutStage(const DropoutMask* masks) : masks_(masks) {}

  void forward(const Pass& pass, const StageTensors& t) override {
    dropout(pass.stream, masks_, pass.lanes, t.input, t.output);
  }
  void backward(const Pass& pass, const StageTensors& t) override {
    dropout(pass.stream, masks_, pass.lanes, t.output_diff, t.input_diff);
  }

 private:
  const DropoutMask* masks_;
};

struct StageMaker {
  const StageContext& context;
  const ResolvedLayer& layer;
  const Tail& tail;

  using Result = std::unique_ptr<Stage>;
  Result operator()(const Conv2d&) const {
    return std::make_unique<ConvolutionStage>(context, layer, tail.activation);
  }
  Result operator()(const Linear&) const {
    if (context.libraries) return std::make_unique<LinearStage>(context, layer, tail.activation);
    return std::make_unique<ConvolutionStage>(context, layer, tail.activation);
  }
  Result operator()(const BatchNorm&) const {
    return std::make_unique<BatchNormStage>(context, layer, tail);
  }
  Result operator()(const Relu&) const { return std::make_unique<ReluStage>(); }
  Result operator()(const MaxPool&) const { return std::make_unique<MaxPoolStage>(layer); }
  Result operator()(const AveragePool& pool) const {
    return std::make_unique<AveragePoolStage>(Window{pool.kernel, pool.kernel, pool.stride});
  }
  Result operator()(const GlobalAveragePool&) const {
    return std::make_unique<AveragePoolStage>(Window{layer.input.height, layer.input.width});
  }
  Result operator()(const Dropout&) const {
    return std::make_unique<DropoutStage>(context.lane.masks_of(layer.index));
  }
  Result operator()(const Add&) const { return std::make_unique<AddStage>(tail.activation); }
};

}  // namespace

bool takes_add(const ResolvedLayer& layer) {
  return std::holds_alternative<BatchNorm>(layer.layer);
}

bool takes_relu(const ResolvedLayer& layer) {
  return std::holds_alternative<BatchNorm>(layer.layer) ||
         std::holds_alternative<Add>(layer.layer) || has_weights(layer);
}

std::unique_ptr<Stage> make_stage(const StageContext& context, const ResolvedLayer& layer,
                                  const Tail& tail) {
  return std::visit(StageMaker{context, layer, tail}, layer.layer);
}

}  // namespace rondo::nn::cuda
