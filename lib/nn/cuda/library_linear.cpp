// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/library_linear.hpp"

#include <utility>

#include "nn/cuda/channel_sums.hpp"
#include "nn/cuda/weights.hpp"

namespace rondo::nn::cuda {
namespace {

cudaDataType_t cuda_type(Precision precision) {
  switch (precision) {
    case Precision::f32: return CUDA_R_32F;
    case Precision::bf16: return CUDA_R_16BF;
    case Precision::f16: return CUDA_R_16F;
  }
  throw UsageError("precision out of range");
}

cublasLtEpilogue_t epilogue_of(bool has_bias, Activation activation) {
  if (activation == Activation::relu)
    return has_bias ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_RELU;
  return has_bias ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
}

}  // namespace

LibraryLinear::LibraryLinear(std::shared_ptr<Libraries> libraries, const ConvolutionShape& shape)
    : libraries_(std::move(libraries)),
      inputs_(shape.input.elements()),
      outputs_(shape.output.elements()) {}

void LibraryLinear::forward(DeviceStream& stream, const Tensor& input, const void* weights,
                            const Bias& bias, Activation activation, const Tensor& output) {
  const bool has_bias = bias.values != nullptr;
  const Way& way = way_for({Pass::forward, input.batch, epilogue_of(has_bias, activation)});
  run(stream, way.plan,
      {.a = weights,
       .b = input.data,
       .d = output.data,
       .vector = way.has_epilogue ? bias.working : nullptr});
  if (way.has_epilogue) return;
  if (has_bias) add_bias(stream, output, bias.values);
  if (activation == Activation::relu) relu(stream, output, output);
}

void LibraryLinear::backward_data(DeviceStream& stream, const Tensor& output_diff,
                                  const void* weights, const Tensor& input_diff) {
  const Way& way = way_for({Pass::backward_data, output_diff.batch, CUBLASLT_EPILOGUE_DEFAULT});
  run(stream, way.plan, {.a = weights, .b = output_diff.data, .d = input_diff.data});
}

void LibraryLinear::backward_weights(DeviceStream& stream, const Tensor& input,
                                     const Tensor& output_diff, DeviceSpan<float> gradient,
                                     const BiasGradient& bias) {
  const bool has_bias = bias.sum != nullptr;
  const Way& way = way_for({Pass::backward_weights, input.batch,
                            has_bias ? CUBLASLT_EPILOGUE_BGRADB : CUBLASLT_EPILOGUE_DEFAULT});
  cublaslt::Addresses addresses{.a = input.data, .b = output_diff.data, .d = gradient.data()};
  if (!has_bias) return run(stream, way.plan, addresses);
  if (way.has_epilogue) {
    const DeviceSpan<float> own = libraries_->bias_gradient(outputs_);
    addresses.vector = own.data();
    run(stream, way.plan, addresses);
    add_gradient(stream, own, {bias.sum, outputs_});
  } else {
    run(stream, way.plan, addresses);
    add_channel_sums(stream, output_diff, bias.slice_sums, bias.sum);
  }
}

void LibraryLinear::run(DeviceStream& stream, const cublaslt::Plan& plan,
                        const cublaslt::Addresses& addresses) {
  plan.run(libraries_->cublaslt(), stream, addresses,
           libraries_->workspace(plan.workspace_bytes()));
}

const LibraryLinear::Way& LibraryLinear::way_for(const Key& key) {
  const auto known = ways_.find(key);
  if (known != ways_.end()) return known->second;
  cublaslt::Problem problem = problem_of(key);
  auto plan = cublaslt::find_plan(libraries_->cublaslt(), problem);
  const bool has_epilogue = plan.has_value();
  if (!has_epilogue) {
    problem.epilogue = CUBLASLT_EPILOGUE_DEFAULT;
    plan = cublaslt::make_plan(libraries_->cublaslt(), problem);
  }
  return ways_.emplace(key, Way{std::move(*plan), has_epilogue}).first->second;
}

/// Our rows are cuBLASLt's columns, so that each product is computed transposed: (K, N) = (K, C) by
/// (C, N) for a layer from C to K numbers and a batch of N.
cublaslt::Problem LibraryLinear::problem_of(const Key& key) const {
  const cudaDataType_t type = cuda_type(libraries_->precision());
  const cublaslt::Matrix weights{type, inputs_, outputs_};
  const cublaslt::Matrix input{type, inputs_, key.batch};
  const cublaslt::Matrix output{type, outputs_, key.batch};
  const cublaslt::Matrix gradient{CUDA_R_32F, inputs_, outputs_};
  switch (key.pass) {
    case Pass::forward:
      return {.a = weights,
              .b = input,
              .d = output,
              .a_operation = CUBLAS_OP_T,
              .epilogue = key.epilogue};
    case Pass::backward_data:
      return {.a = weights, .b = output, .d = input, .epilogue = key.epilogue};
    case Pass::backward_weights:
      return {.a = input,
              .b = output,
              .d = gradient,
              .b_operation = CUBLAS_OP_T,
              .epilogue = key.epilogue};
  }
  throw UsageError("a pass out of range");
}

}  // namespace rondo::nn::cuda
