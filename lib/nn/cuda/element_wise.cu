// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/element_wise.hpp"
#include "nn/cuda/floats.cuh"

namespace rondo::nn::cuda {
namespace {

/// Of element i of a tensor: its number in (N, C, H, W) order.
struct PlanarOrder {
  std::size_t channels;
  std::size_t image_pixels;

  explicit PlanarOrder(const Tensor& tensor)
      : channels(tensor.shape.channels), image_pixels(tensor.shape.height * tensor.shape.width) {}

  __device__ __forceinline__ std::size_t operator()(std::size_t i) const {
    const std::size_t pixel = i / channels;
    const std::size_t n = pixel / image_pixels;
    return (n * channels + i % channels) * image_pixels + pixel % image_pixels;
  }
};

template <class T>
struct ImageWork {
  static constexpr int width = 1;
  PlanarOrder planar;
  const Lane* lane;
  T* output;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    output[i] = static_cast<T>(lane->images[planar(i)]);
  }
};

__device__ __forceinline__ float positive_part(float value) {
  return value > 0 ? value : 0.0F;
}

template <class T>
struct ReluWork {
  static constexpr int width = vector_width<T>;
  const T* input;
  T* output;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    auto values = load_floats<n>(input + i);
#pragma unroll
    for (int k = 0; k < n; ++k)
      values.at[k] = positive_part(values.at[k]);
    store_floats(values, output + i);
  }
};

template <class T>
struct ReluBackwardWork {
  static constexpr int width = vector_width<T>;
  const T* output;
  const T* output_diff;
  T* input_diff;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    const auto values = load_floats<n>(output + i);
    auto diffs = load_floats<n>(output_diff + i);
#pragma unroll
    for (int k = 0; k < n; ++k)
      diffs.at[k] = values.at[k] > 0 ? diffs.at[k] : 0.0F;
    store_floats(diffs, input_diff + i);
  }
};

template <class T>
struct AddWork {
  static constexpr int width = vector_width<T>;
  const T* a;
  const T* b;
  T* sum;
  Activation activation;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    auto sums = load_floats<n>(a + i);
    const auto others = load_floats<n>(b + i);
#pragma unroll
    for (int k = 0; k < n; ++k) {
      sums.at[k] += others.at[k];
      if (activation == Activation::relu) sums.at[k] = positive_part(sums.at[k]);
    }
    store_floats(sums, sum + i);
  }
};

template <class T>
struct BiasWork {
  static constexpr int width = vector_width<T>;
  std::size_t channels;
  const float* bias;
  T* values;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    auto sums = load_floats<n>(values + i);
#pragma unroll
    for (int k = 0; k < n; ++k)
      sums.at[k] += bias[(i + k) % channels];
    store_floats(sums, values + i);
  }
};

template <class T>
struct DropoutWork {
  static constexpr int width = 1;
  PlanarOrder planar;
  const DropoutMask* masks;
  std::size_t lane_elements;
  const T* input;
  T* output;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    const std::size_t lane = i / lane_elements;
    const std::size_t first = lane * lane_elements;
    const float factor = masks[lane][planar(i - first)];
    output[i] = static_cast<T>(static_cast<float>(input[i]) * factor);
  }
};

}  // namespace

void convert_images(DeviceStream& stream, const Lane* lane, const Tensor& output) {
  dispatch(output.precision, [&]<class T>(std::type_identity<T>) {
    launch_items(stream, "nn::convert_images", output.elements(),
                 ImageWork<T>{PlanarOrder(output), lane, output.as<T>()});
  });
}

void relu(DeviceStream& stream, const Tensor& input, const Tensor& output) {
  dispatch(input.precision, [&]<class T>(std::type_identity<T>) {
    launch_elements(stream, "nn::relu", input.elements(),
                    ReluWork<T>{input.as<T>(), output.as<T>()});
  });
}

void relu_backward(DeviceStream& stream, const Tensor& output, const Tensor& output_diff,
                   const Tensor& input_diff) {
  dispatch(output.precision, [&]<class T>(std::type_identity<T>) {
    launch_elements(stream, "nn::relu_backward", output.elements(),
                    ReluBackwardWork<T>{output.as<T>(), output_diff.as<T>(), input_diff.as<T>()});
  });
}

void add(DeviceStream& stream, const Tensor& a, const Tensor& b, Activation activation,
         const Tensor& sum) {
  dispatch(a.precision, [&]<class T>(std::type_identity<T>) {
    launch_elements(stream, "nn::add", a.elements(),
                    AddWork<T>{a.as<T>(), b.as<T>(), sum.as<T>(), activation});
  });
}

void add_bias(DeviceStream& stream, const Tensor& tensor, const float* bias) {
  dispatch(tensor.precision, [&]<class T>(std::type_identity<T>) {
    launch_elements(stream, "nn::add_bias", tensor.elements(),
                    BiasWork<T>{tensor.shape.channels, bias, tensor.as<T>()});
  });
}

void dropout(DeviceStream& stream, const DropoutMask* masks, std::size_t lanes, const Tensor& input,
             const Tensor& output) {
  dispatch(input.precision, [&]<class T>(std::type_identity<T>) {
    launch_items(stream, "nn::dropout", input.elements(),
                 DropoutWork<T>{PlanarOrder(input), masks, input.elements() / lanes, input.as<T>(),
                                output.as<T>()});
  });
}

}  // namespace rondo::nn::cuda
