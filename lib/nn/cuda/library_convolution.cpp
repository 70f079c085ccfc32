// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/library_convolution.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "rondo/precision/device_casts.hpp"

#include "nn/cuda/convolution_plans.hpp"
#include "nn/cuda/element_wise.hpp"
#include "nn/cuda/libraries.hpp"

namespace rondo::nn::cuda {
namespace {

std::int64_t signed_of(std::size_t value) {
  return static_cast<std::int64_t>(value);
}

cudnnDataType_t cudnn_type(Precision precision) {
  switch (precision) {
    case Precision::f32: return CUDNN_DATA_FLOAT;
    case Precision::bf16: return CUDNN_DATA_BFLOAT16;
    case Precision::f16: return CUDNN_DATA_HALF;
  }
  throw UsageError("precision out of range");
}

class LibraryConvolution final : public Convolution {
 public:
  LibraryConvolution(std::shared_ptr<Libraries> libraries, std::string_view layer,
                     const ConvolutionShape& shape)
      : libraries_(std::move(libraries)), layer_(layer), shape_(shape) {}

  void forward(DeviceStream& stream, const Tensor& input, const void* weights,
               const ConvolutionTail& tail, const Tensor& output) override {
    Addresses addresses = forward_addresses(input, weights, output);
    addresses.bias = const_cast<float*>(tail.bias);
    for (const cudnn::Epilogue& epilogue : epilogues_of(tail)) {
      if (!try_run(stream, input.batch, epilogue, addresses)) continue;
      if (tail.activation == Activation::relu && !epilogue.relu) relu(stream, output, output);
      return;
    }
    addresses.bias = nullptr;
    run(stream, cudnn::Pass::forward, input.batch, addresses);
    if (tail.bias != nullptr) add_bias(stream, output, tail.bias);
    if (tail.activation == Activation::relu) relu(stream, output, output);
  }

  bool may_normalise(std::size_t batch, const Normaliser& behind) const override {
    return !libraries_->convolutions().is_hopeless(forward_problem(batch, epilogue_of(behind)));
  }

  bool forward_normalised(DeviceStream& stream, const Tensor& input, const void* weights,
                          const Normaliser& behind, const Tensor& output) override {
    Addresses addresses = forward_addresses(input, weights, output);
    addresses.scale = const_cast<float*>(behind.scale);
    addresses.bias = const_cast<float*>(behind.shift);
    addresses.addend = behind.addend.data;
    return try_run(stream, input.batch, epilogue_of(behind), addresses);
  }

  void backward_data(DeviceStream& stream, const Tensor& output_diff, const void* weights,
                     const Tensor& input_diff) override {
    run(stream, cudnn::Pass::backward_data, output_diff.batch,
        {.input = input_diff.data,
         .weights = const_cast<void*>(weights),
         .output = output_diff.data});
  }

  void backward_weights(DeviceStream& stream, const Tensor& input, const Tensor& output_diff,
                        DeviceSpan<float> gradient) override {
    void* const result = typed_gradient(gradient);
    run(stream, cudnn::Pass::backward_weights, input.batch,
        {.input = input.data, .weights = result, .output = output_diff.data});
    if (result == gradient.data()) return;
    dispatch(libraries_->precision(), [&]<class T>(std::type_identity<T>) {
      if constexpr (!std::is_same_v<T, float>)
        precision::convert(stream, DeviceSpan<const T>(static_cast<T*>(result), shape_.weights()),
                           gradient.first(shape_.weights()));
    });
  }

  void choose(DeviceStream& stream, const ConvolutionTensors& t) override {
    if (libraries_->choice() != PlanChoice::measured) return;
    const std::size_t batch = t.input.batch;
    measure_forward(stream, t);
    measure(stream, cudnn::Pass::backward_weights, batch,
            {.input = t.input.data,
             .weights = typed_gradient(t.gradient),
             .output = t.output_diff.data});
    if (t.input_diff.data != nullptr)
      measure(stream, cudnn::Pass::backward_data, batch,
              {.input = t.input_diff.data,
               .weights = const_cast<void*>(t.weights),
               .output = t.output_diff.data});
  }

 private:
  using Addresses = cudnn::Plan::Addresses;

  static Addresses forward_addresses(const Tensor& input, const void* weights,
                                     const Tensor& output) {
    return {.input = input.data, .weights = const_cast<void*>(weights), .output = output.data};
  }

  /// Where cuDNN writes it: it has no sums of another type than the layers'.
  void* typed_gradient(DeviceSpan<float> gradient) {
    if (libraries_->precision() == Precision::f32) return gradient.data();
    return libraries_->gradient(shape_.weights() * bytes_of(libraries_->precision()));
  }

  void run(DeviceStream& stream, cudnn::Pass pass, std::size_t batch, const Addresses& addresses) {
    libraries_->convolutions().run(*libraries_, stream, layer_, problem_of(pass, batch), addresses);
  }
  cudnn::Problem forward_problem(std::size_t batch, const cudnn::Epilogue& epilogue) const {
    cudnn::Problem problem = problem_of(cudnn::Pass::forward, batch);
    problem.epilogue = epilogue;
    return problem;
  }
  /// What of it cuDNN may do, the most first.
  static std::vector<cudnn::Epilogue> epilogues_of(const ConvolutionTail& tail) {
    const bool has_bias = tail.bias != nullptr;
    std::vector<cudnn::Epilogue> all;
    if (tail.activation == Activation::relu) all.push_back({.bias = has_bias, .relu = true});
    if (has_bias) all.push_back({.bias = true});
    return all;
  }
  static cudnn::Epilogue epilogue_of(const Normaliser& behind) {
    return {.scales = true,
            .bias = true,
            .adds = behind.addend.data != nullptr,
            .relu = behind.activation == Activation::relu};
  }
  bool try_run(DeviceStream& stream, std::size_t batch, const cudnn::Epilogue& epilogue,
               const Addresses& addresses) {
    return libraries_->convolutions().try_run(*libraries_, stream, forward_problem(batch, epilogue),
                                              addresses);
  }
  /// What forward() will run.
  void measure_forward(DeviceStream& stream, const ConvolutionTensors& t) {
    Addresses addresses = forward_addresses(t.input, t.weights, t.output);
    addresses.bias = const_cast<float*>(t.tail.bias);
    for (const cudnn::Epilogue& epilogue : epilogues_of(t.tail))
      if (libraries_->convolutions().try_measure(
              *libraries_, stream, forward_problem(t.input.batch, epilogue), addresses))
        return;
    addresses.bias = nullptr;
    measure(stream, cudnn::Pass::forward, t.input.batch, addresses);
  }
  void measure(DeviceStream& stream, cudnn::Pass pass, std::size_t batch,
               const Addresses& addresses) {
    libraries_->convolutions().measure(*libraries_, stream, layer_, problem_of(pass, batch),
                                       addresses);
  }

  cudnn::Problem problem_of(cudnn::Pass pass, std::size_t batch) const {
    const auto dims = [&](const ImageShape& shape) {
      return std::array{signed_of(batch), signed_of(shape.channels), signed_of(shape.height),
                        signed_of(shape.width)};
    };
    return {
        .pass = pass,
        .type = cudnn_type(libraries_->precision()),
        .input = dims(shape_.input),
        .weights = {signed_of(shape_.output.channels), signed_of(shape_.input.channels),
                    signed_of(shape_.kernel_height), signed_of(shape_.kernel_width)},
        .output = dims(shape_.output),
        .stride = signed_of(shape_.stride),
        .padding = signed_of(shape_.padding),
        .order = pass == cudnn::Pass::backward_weights ? gradient_order() : cudnn::SumOrder::fixed};
  }

  /// Measured plans differ from run to run as it is.
  cudnn::SumOrder gradient_order() const {
    return libraries_->choice() == PlanChoice::measured ? cudnn::SumOrder::any
                                                        : cudnn::SumOrder::fixed;
  }

  std::shared_ptr<Libraries> libraries_;
  std::string layer_;
  ConvolutionShape shape_;
};

}  // namespace

std::shared_ptr<Libraries> make_libraries(const Device& device, Precision precision,
                                          PlanChoice choice) {
  return std::make_shared<Libraries>(device, precision, choice,
                                     std::make_shared<ConvolutionPlans>(device, choice));
}

std::unique_ptr<Convolution> make_library_convolution(std::shared_ptr<Libraries> libraries,
                                                      std::string_view layer,
                                                      const ConvolutionShape& shape) {
  return std::make_unique<LibraryConvolution>(std::move(libraries), layer, shape);
}

}  // namespace rondo::nn::cuda
