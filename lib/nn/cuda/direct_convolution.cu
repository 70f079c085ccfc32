// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/convolution.hpp"
#include "nn/cuda/floats.cuh"

// A thread for each result. Sums are in f64, in the order of the loops.
namespace rondo::nn::cuda {
namespace {

/// A pixel of a batch, and one of its channels.
struct Element {
  std::size_t image;
  std::size_t h;
  std::size_t w;
  std::size_t channel;
};

__device__ __forceinline__ Element element_of(std::size_t i, const ImageShape& shape) {
  const std::size_t pixel = i / shape.channels;
  const std::size_t row = pixel / shape.width;
  return {row / shape.height, row % shape.height, pixel % shape.width, i % shape.channels};
}

__device__ __forceinline__ std::size_t index_of(const Element& element, const ImageShape& shape) {
  return ((element.image * shape.height + element.h) * shape.width + element.w) * shape.channels +
         element.channel;
}

__device__ __forceinline__ bool is_within(std::size_t h, std::size_t w, const ImageShape& shape) {
  return h < shape.height && w < shape.width;  // below 0 wraps around and is too large as well
}

/// As weights lie: (K, R, S, C).
__device__ __forceinline__ std::size_t weight_of(const ConvolutionShape& shape, std::size_t k,
                                                 std::size_t r, std::size_t s, std::size_t c) {
  return ((k * shape.kernel_height + r) * shape.kernel_width + s) * shape.input.channels + c;
}

template <class T>
__device__ __forceinline__ double load(const T* from, std::size_t i) {
  return static_cast<double>(static_cast<float>(from[i]));
}

template <class T>
struct ForwardWork {
  static constexpr int width = 1;
  ConvolutionShape shape;
  const T* input;
  const T* weights;
  ConvolutionTail tail;
  T* output;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    const Element out = element_of(i, shape.output);
    double sum = tail.bias == nullptr ? 0.0 : static_cast<double>(tail.bias[out.channel]);
    for (std::size_t r = 0; r < shape.kernel_height; ++r) {
      for (std::size_t s = 0; s < shape.kernel_width; ++s) {
        const std::size_t h = out.h * shape.stride + r - shape.padding;
        const std::size_t w = out.w * shape.stride + s - shape.padding;
        if (!is_within(h, w, shape.input)) continue;
        const std::size_t seen = index_of({out.image, h, w, 0}, shape.input);
        const std::size_t tap = weight_of(shape, out.channel, r, s, 0);
        for (std::size_t c = 0; c < shape.input.channels; ++c)
          sum += load(input, seen + c) * load(weights, tap + c);
      }
    }
    const bool passes = tail.activation == Activation::none || sum > 0;
    output[i] = static_cast<T>(passes ? static_cast<float>(sum) : 0.0F);
  }
};

template <class T>
struct BackwardDataWork {
  static constexpr int width = 1;
  ConvolutionShape shape;
  const T* output_diff;
  const T* weights;
  T* input_diff;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    const Element in = element_of(i, shape.input);
    double sum = 0;
    for (std::size_t r = 0; r < shape.kernel_height; ++r) {
      for (std::size_t s = 0; s < shape.kernel_width; ++s) {
        const std::size_t row = in.h + shape.padding - r;
        const std::size_t column = in.w + shape.padding - s;
        const std::size_t h = row / shape.stride;
        const std::size_t w = column / shape.stride;
        if (!is_within(h, w, shape.output)) continue;
        if (h * shape.stride != row || w * shape.stride != column) continue;
        const std::size_t seen = index_of({in.image, h, w, 0}, shape.output);
        for (std::size_t k = 0; k < shape.output.channels; ++k)
          sum += load(output_diff, seen + k) * load(weights, weight_of(shape, k, r, s, in.channel));
      }
    }
    input_diff[i] = static_cast<T>(static_cast<float>(sum));
  }
};

template <class T>
struct BackwardWeightsWork {
  static constexpr int width = 1;
  ConvolutionShape shape;
  std::size_t batch;
  const T* input;
  const T* output_diff;
  float* gradient;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    // (K, R, S, C) is as a batch of K images.
    const Element tap =
        element_of(i, {shape.input.channels, shape.kernel_height, shape.kernel_width});
    double sum = 0;
    for (std::size_t image = 0; image < batch; ++image)
      for (std::size_t p = 0; p < shape.output.height; ++p)
        for (std::size_t q = 0; q < shape.output.width; ++q) {
          const std::size_t h = p * shape.stride + tap.h - shape.padding;
          const std::size_t w = q * shape.stride + tap.w - shape.padding;
          if (!is_within(h, w, shape.input)) continue;
          sum += load(output_diff, index_of({image, p, q, tap.image}, shape.output)) *
                 load(input, index_of({image, h, w, tap.channel}, shape.input));
        }
    gradient[i] = static_cast<float>(sum);
  }
};

class DirectConvolution final : public Convolution {
 public:
  explicit DirectConvolution(const ConvolutionShape& shape) : shape_(shape) {}

  void forward(DeviceStream& stream, const Tensor& input, const void* weights,
               const ConvolutionTail& tail, const Tensor& output) override {
    dispatch(input.precision, [&]<class T>(std::type_identity<T>) {
      launch_items(stream, "nn::direct_forward", output.elements(),
                   ForwardWork<T>{shape_, input.as<T>(), static_cast<const T*>(weights), tail,
                                  output.as<T>()});
    });
  }

  void backward_data(DeviceStream& stream, const Tensor& output_diff, const void* weights,
                     const Tensor& input_diff) override {
    dispatch(input_diff.precision, [&]<class T>(std::type_identity<T>) {
      launch_items(stream, "nn::direct_backward_data", input_diff.elements(),
                   BackwardDataWork<T>{shape_, output_diff.as<T>(), static_cast<const T*>(weights),
                                       input_diff.as<T>()});
    });
  }

  void backward_weights(DeviceStream& stream, const Tensor& input, const Tensor& output_diff,
                        DeviceSpan<float> gradient) override {
    dispatch(input.precision, [&]<class T>(std::type_identity<T>) {
      launch_items(stream, "nn::direct_backward_weights", gradient.size(),
                   BackwardWeightsWork<T>{shape_, input.batch, input.as<T>(), output_diff.as<T>(),
                                          gradient.data()});
    });
  }

 private:
  ConvolutionShape shape_;
};

}  // namespace

std::unique_ptr<Convolution> make_direct_convolution(const ConvolutionShape& shape) {
  return std::make_unique<DirectConvolution>(shape);
}

}  // namespace rondo::nn::cuda
