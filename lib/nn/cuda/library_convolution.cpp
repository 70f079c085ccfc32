// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/library_convolution.hpp"

#include <cstddef>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "rondo/precision/device_casts.hpp"

#include "nn/cuda/cudnn_graph.hpp"
#include "nn/cuda/element_wise.hpp"
#include "nn/cuda/libraries.hpp"

namespace rondo::nn::cuda {
namespace {

/// How many ways are tried where one is chosen by its time.
constexpr std::size_t most_candidates = 8;
constexpr int measured_runs = 3;

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
  LibraryConvolution(std::shared_ptr<Libraries> libraries, const ConvolutionShape& shape)
      : libraries_(std::move(libraries)), shape_(shape) {}

  void forward(DeviceStream& stream, const Tensor& input, const void* weights, const float* bias,
               const Tensor& output) override {
    run(stream, cudnn::Pass::forward, input.batch,
        {.input = input.data, .weights = const_cast<void*>(weights), .output = output.data});
    if (bias != nullptr) add_bias(stream, output, bias);
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
    const bool is_f32 = libraries_->precision() == Precision::f32;
    void* const result =
        is_f32 ? gradient.data()
               : libraries_->gradient(shape_.weights() * bytes_of(libraries_->precision()));
    run(stream, cudnn::Pass::backward_weights, input.batch,
        {.input = input.data, .weights = result, .output = output_diff.data});
    if (is_f32) return;
    dispatch(libraries_->precision(), [&]<class T>(std::type_identity<T>) {
      if constexpr (!std::is_same_v<T, float>)
        precision::convert(stream, DeviceSpan<const T>(static_cast<T*>(result), shape_.weights()),
                           gradient.first(shape_.weights()));
    });
  }

 private:
  using Addresses = cudnn::Plan::Addresses;

  void run(DeviceStream& stream, cudnn::Pass pass, std::size_t batch, const Addresses& addresses) {
    run(stream, plan_for(stream, pass, batch, addresses), addresses);
  }

  void run(DeviceStream& stream, const cudnn::Plan& plan, const Addresses& addresses) {
    plan.run(libraries_->cudnn().handle(), stream, addresses,
             libraries_->workspace(plan.workspace_bytes()));
  }

  const cudnn::Plan& plan_for(DeviceStream& stream, cudnn::Pass pass, std::size_t batch,
                              const Addresses& addresses) {
    const auto key = std::pair(pass, batch);
    const auto known = plans_.find(key);
    if (known != plans_.end()) return known->second;
    const bool measures = libraries_->choice() == PlanChoice::measured;
    auto plans = cudnn::make_plans(libraries_->cudnn(), problem_of(pass, batch),
                                   measures ? most_candidates : 1);
    const std::size_t best = measures ? fastest(stream, plans, addresses) : 0;
    return plans_.emplace(key, std::move(plans[best])).first->second;
  }

  /// Each writes the same result.
  std::size_t fastest(DeviceStream& stream, const std::vector<cudnn::Plan>& plans,
                      const Addresses& addresses) {
    DeviceEvent begin(libraries_->device());
    DeviceEvent end(libraries_->device());
    std::size_t best = 0;
    float least = std::numeric_limits<float>::infinity();
    for (std::size_t i = 0; i < plans.size(); ++i) {
      run(stream, plans[i], addresses);  // warms up
      begin.record(stream);
      for (int k = 0; k < measured_runs; ++k)
        run(stream, plans[i], addresses);
      end.record(stream);
      end.wait();
      const float seconds = end.seconds_since(begin);
      if (seconds < least) {
        least = seconds;
        best = i;
      }
    }
    return best;
  }

  cudnn::Problem problem_of(cudnn::Pass pass, std::size_t batch) const {
    const auto dims = [&](const ImageShape& shape) {
      return std::array{signed_of(batch), signed_of(shape.channels), signed_of(shape.height),
                        signed_of(shape.width)};
    };
    return {.pass = pass,
            .type = cudnn_type(libraries_->precision()),
            .input = dims(shape_.input),
            .weights = {signed_of(shape_.output.channels), signed_of(shape_.input.channels),
                        signed_of(shape_.kernel_height), signed_of(shape_.kernel_width)},
            .output = dims(shape_.output),
            .stride = signed_of(shape_.stride),
            .padding = signed_of(shape_.padding)};
  }

  std::shared_ptr<Libraries> libraries_;
  ConvolutionShape shape_;
  std::map<std::pair<cudnn::Pass, std::size_t>, cudnn::Plan> plans_;
};

}  // namespace

std::shared_ptr<Libraries> make_libraries(const Device& device, Precision precision,
                                          PlanChoice choice) {
  return std::make_shared<Libraries>(device, precision, choice,
                                     std::make_shared<const cudnn::Target>(device));
}

std::unique_ptr<Convolution> make_library_convolution(std::shared_ptr<Libraries> libraries,
                                                      const ConvolutionShape& shape) {
  return std::make_unique<LibraryConvolution>(std::move(libraries), shape);
}

}  // namespace rondo::nn::cuda
