// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/batch_norm.hpp"
#include "nn/cuda/channel_sums.cuh"
#include "nn/cuda/pixel_wise.cuh"

namespace rondo::nn::cuda {
namespace {

template <class T, int n>
struct MomentSums {
  static constexpr int count = 2;
  static constexpr int width = n;
  static constexpr int ahead = 2;
  static constexpr int resident = 4;
  using Loaded = Pack<T, n>;
  const T* input;

  __device__ __forceinline__ NoNumbers channels(std::size_t /*lane*/,
                                                std::size_t /*channel*/) const {
    return {};
  }
  __device__ __forceinline__ Loaded load(std::size_t i) const { return load_pack<n>(input + i); }
  __device__ __forceinline__ void add(const NoNumbers& /*numbers*/, const Loaded& loaded,
                                      std::size_t /*i*/, double (&sums)[count * n]) const {
    const auto values = widened(loaded);
#pragma unroll
    for (int c = 0; c < n; ++c) {
      const auto value = static_cast<double>(values.at[c]);
      sums[c] += value;
      sums[n + c] += value * value;
    }
  }
};

/// `i`: of the lane's channel.
__device__ __forceinline__ void set_statistics(const NormChannels& channels, std::size_t i,
                                               double mean, double variance) {
  channels.mean[i] = static_cast<float>(mean);
  channels.variance[i] = static_cast<float>(variance);
  channels.inverse_deviation[i] =
      static_cast<float>(1.0 / sqrt(variance + static_cast<double>(channels.epsilon)));
}

struct SetStatistics {
  static constexpr int count = 2;
  static constexpr bool adds_lanes = false;
  NormChannels channels;
  double pixels;  ///< of a lane

  __device__ __forceinline__ void operator()(std::size_t lane, std::size_t c,
                                             const double (&sums)[count]) const {
    const double mean = sums[0] / pixels;
    const double variance = sums[1] / pixels - mean * mean;
    set_statistics(channels, lane * channels.count + c, mean,
                   variance < 0 ? 0.0 : variance);  // NaN stays
  }
};

struct TakeStatistics {
  static constexpr int width = 1;
  const float* running_mean;
  const float* running_variance;
  NormChannels channels;

  template <int n>
  __device__ __forceinline__ void at(std::size_t c) const {
    set_statistics(channels, c, static_cast<double>(running_mean[c]),
                   static_cast<double>(running_variance[c]));
  }
};

struct FoldStatistics {
  static constexpr int width = 1;
  const float* running_mean;
  const float* running_variance;
  const float* bias;  // or null
  NormChannels channels;
  float* scale;
  float* shift;

  template <int n>
  __device__ __forceinline__ void at(std::size_t c) const {
    const double variance =
        static_cast<double>(running_variance[c]) + static_cast<double>(channels.epsilon);
    const double factor = static_cast<double>(channels.scale[c]) / sqrt(variance);
    const double in_front = bias == nullptr ? 0.0 : static_cast<double>(bias[c]);
    const double centre = static_cast<double>(running_mean[c]) - in_front;
    scale[c] = static_cast<float>(factor);
    shift[c] = static_cast<float>(static_cast<double>(channels.shift[c]) - centre * factor);
  }
};

/// The numbers of `n` channels that all their pixels are normalised by.
template <int n>
struct Normalisation {
  Floats<n> mean;
  Floats<n> inverse_deviation;
  Floats<n> scale;
  Floats<n> shift;

  __device__ __forceinline__ Normalisation(const NormChannels& channels, std::size_t lane,
                                           std::size_t c)
      : mean(load_floats_anywhere<n>(channels.mean + lane * channels.count + c)),
        inverse_deviation(
            load_floats_anywhere<n>(channels.inverse_deviation + lane * channels.count + c)),
        scale(load_floats_anywhere<n>(channels.scale + c)),
        shift(load_floats_anywhere<n>(channels.shift + c)) {}
  __device__ __forceinline__ float normalised(float value, int k) const {
    return (value - mean.at[k]) * inverse_deviation.at[k];
  }
  __device__ __forceinline__ float output(float normalised, int k) const {
    return normalised * scale.at[k] + shift.at[k];
  }
  /// The gradient behind the ReLU, if there is one.
  __device__ __forceinline__ float passed(float diff, float normalised, int k,
                                          Activation activation) const {
    return activation == Activation::none || output(normalised, k) > 0 ? diff : 0.0F;
  }
};

template <class T, int n>
struct NormaliseWork {
  static constexpr int width = n;
  static constexpr int resident = 3;
  struct Loaded {
    Pack<T, n> input;
    Pack<T, n> addend;  // the input again if there is none
  };
  const T* input;
  const T* addend;  // or null
  NormChannels numbers;
  Activation activation;
  T* output;

  __device__ __forceinline__ Normalisation<n> channels(std::size_t lane, std::size_t c) const {
    return {numbers, lane, c};
  }
  __device__ __forceinline__ Loaded load(std::size_t i) const {
    const auto values = load_pack<n>(input + i);
    return {values, addend == nullptr ? values : load_pack<n>(addend + i)};
  }
  __device__ __forceinline__ void finish(const Normalisation<n>& norm, const Loaded& loaded,
                                         std::size_t i) const {
    auto values = widened(loaded.input);
    const auto added = widened(loaded.addend);
#pragma unroll
    for (int k = 0; k < n; ++k) {
      float value = norm.output(norm.normalised(values.at[k], k), k);
      if (addend != nullptr) value += added.at[k];
      values.at[k] = activation == Activation::none || value > 0 ? value : 0.0F;
    }
    store_floats(values, output + i);
  }
};

template <class T, int n>
struct DiffSums {
  static constexpr int count = 2;
  static constexpr int width = n;
  static constexpr int ahead = 2;
  static constexpr int resident = 2;
  struct Loaded {
    Pack<T, n> input;
    Pack<T, n> diff;
    Pack<T, n> output;  // the gradient again if there is none
  };
  const T* input;
  const T* output_diff;
  NormChannels numbers;
  Activation activation;
  const T* output;  // or null
  T* passed;        // or null

  __device__ __forceinline__ Normalisation<n> channels(std::size_t lane, std::size_t c) const {
    return {numbers, lane, c};
  }
  __device__ __forceinline__ Loaded load(std::size_t i) const {
    const auto values = load_pack<n>(input + i);
    const auto diffs = load_pack<n>(output_diff + i);
    return {values, diffs, output == nullptr ? diffs : load_pack<n>(output + i)};
  }
  __device__ __forceinline__ void add(const Normalisation<n>& norm, const Loaded& loaded,
                                      std::size_t i, double (&sums)[count * n]) const {
    const auto values = widened(loaded.input);
    auto diffs = widened(loaded.diff);
    if (output != nullptr) pass(loaded.output, i, diffs);
#pragma unroll
    for (int k = 0; k < n; ++k) {
      const float value = norm.normalised(values.at[k], k);
      const auto diff = static_cast<double>(norm.passed(diffs.at[k], value, k, activation));
      sums[k] += diff;
      sums[n + k] += diff * static_cast<double>(value);
    }
  }

  /// Through the ReLU behind an Add.
  __device__ __forceinline__ void pass(const Pack<T, n>& outputs, std::size_t i,
                                       Floats<n>& diffs) const {
    const auto values = widened(outputs);
#pragma unroll
    for (int k = 0; k < n; ++k)
      diffs.at[k] = values.at[k] > 0 ? diffs.at[k] : 0.0F;
    store_floats(diffs, passed + i);
  }
};

__device__ __forceinline__ void add_to(float& sum, double summand) {
  sum = static_cast<float>(static_cast<double>(sum) + summand);
}

struct AddGradients {
  static constexpr int count = 2;
  static constexpr bool adds_lanes = true;
  NormChannels channels;
  NormGradients gradients;
  const float* weights;
  double pixels;  ///< of a lane

  __device__ __forceinline__ void operator()(std::size_t lane, std::size_t c,
                                             const double (&sums)[count]) const {
    const std::size_t i = lane * channels.count + c;
    channels.mean_diff[i] = static_cast<float>(sums[0] / pixels);
    channels.mean_product[i] = static_cast<float>(sums[1] / pixels);
    add_to(gradients.shift[c], sums[0]);
    add_to(gradients.scale[c], sums[1]);
    const auto share = static_cast<double>(weights[lane]);
    const double correction = pixels > 1 ? pixels / (pixels - 1) : 1.0;
    add_to(gradients.running_mean[c], share * static_cast<double>(channels.mean[i]));
    add_to(gradients.running_variance[c],
           share * correction * static_cast<double>(channels.variance[i]));
  }
};

template <int n>
struct NormalisationDiff : Normalisation<n> {
  Floats<n> mean_diff;
  Floats<n> mean_product;

  __device__ __forceinline__ NormalisationDiff(const NormChannels& channels, std::size_t lane,
                                               std::size_t c)
      : Normalisation<n>(channels, lane, c),
        mean_diff(load_floats_anywhere<n>(channels.mean_diff + lane * channels.count + c)),
        mean_product(load_floats_anywhere<n>(channels.mean_product + lane * channels.count + c)) {}
};

template <class T, int n>
struct NormaliseBackwardWork {
  static constexpr int width = n;
  static constexpr int resident = 2;
  struct Loaded {
    Pack<T, n> input;
    Pack<T, n> diff;
  };
  const T* input;
  const T* output_diff;
  NormChannels numbers;
  Activation activation;
  T* input_diff;

  __device__ __forceinline__ NormalisationDiff<n> channels(std::size_t lane, std::size_t c) const {
    return {numbers, lane, c};
  }
  __device__ __forceinline__ Loaded load(std::size_t i) const {
    return {load_pack<n>(input + i), load_pack<n>(output_diff + i)};
  }
  __device__ __forceinline__ void finish(const NormalisationDiff<n>& norm, const Loaded& loaded,
                                         std::size_t i) const {
    const auto values = widened(loaded.input);
    auto diffs = widened(loaded.diff);
#pragma unroll
    for (int k = 0; k < n; ++k) {
      const float value = norm.normalised(values.at[k], k);
      const float diff = norm.passed(diffs.at[k], value, k, activation);
      const float centred = diff - norm.mean_diff.at[k] - value * norm.mean_product.at[k];
      diffs.at[k] = norm.scale.at[k] * norm.inverse_deviation.at[k] * centred;
    }
    store_floats(diffs, input_diff + i);
  }
};

double lane_pixels(const Tensor& input, const NormChannels& channels) {
  return static_cast<double>(input.pixels() / channels.lanes);
}

}  // namespace

void measure_statistics(DeviceStream& stream, const Tensor& input, const NormChannels& channels,
                        double* slice_sums) {
  for_type_and_width(input.precision, input.shape.channels,
                     [&]<class T, int n>(std::type_identity<T>, std::integral_constant<int, n>) {
                       sum_channels(stream, "nn::measure_statistics", input, channels.lanes,
                                    MomentSums<T, n>{input.as<T>()},
                                    SetStatistics{channels, lane_pixels(input, channels)},
                                    slice_sums);
                     });
}

void take_statistics(DeviceStream& stream, const float* running_mean, const float* running_variance,
                     const NormChannels& channels) {
  launch_items(stream, "nn::take_statistics", channels.count,
               TakeStatistics{running_mean, running_variance, channels});
}

void fold_statistics(DeviceStream& stream, const float* running_mean, const float* running_variance,
                     const float* bias, const NormChannels& channels, float* scale, float* shift) {
  launch_items(stream, "nn::fold_statistics", channels.count,
               FoldStatistics{running_mean, running_variance, bias, channels, scale, shift});
}

void normalise(DeviceStream& stream, const Tensor& input, const NormChannels& channels,
               const Tensor& addend, Activation activation, const Tensor& output) {
  for_type_and_width(input.precision, input.shape.channels,
                     [&]<class T, int n>(std::type_identity<T>, std::integral_constant<int, n>) {
                       launch_pixel_wise(stream, "nn::normalise", input, channels.lanes,
                                         NormaliseWork<T, n>{input.as<T>(), addend.as<T>(),
                                                             channels, activation, output.as<T>()});
                     });
}

void add_norm_gradients(DeviceStream& stream, const Tensor& input, const NormDiff& diff,
                        const NormChannels& channels, const float* weights,
                        const NormGradients& gradients, double* slice_sums) {
  const AddGradients finish{channels, gradients, weights, lane_pixels(input, channels)};
  const bool computes_again = diff.output.data == nullptr;
  for_type_and_width(input.precision, input.shape.channels,
                     [&]<class T, int n>(std::type_identity<T>, std::integral_constant<int, n>) {
                       const DiffSums<T, n> work{
                           .input = input.as<T>(),
                           .output_diff = diff.diff.as<T>(),
                           .numbers = channels,
                           .activation = computes_again ? diff.activation : Activation::none,
                           .output = diff.output.as<T>(),
                           .passed = diff.passed.as<T>()};
                       sum_channels(stream, "nn::add_norm_gradients", input, channels.lanes, work,
                                    finish, slice_sums);
                     });
}

void normalise_backward(DeviceStream& stream, const Tensor& input, const NormDiff& diff,
                        const NormChannels& channels, const Tensor& input_diff) {
  const bool computes_again = diff.output.data == nullptr;
  for_type_and_width(
      input.precision, input.shape.channels,
      [&]<class T, int n>(std::type_identity<T>, std::integral_constant<int, n>) {
        const NormaliseBackwardWork<T, n> work{
            .input = input.as<T>(),
            .output_diff = (computes_again ? diff.diff : diff.passed).template as<T>(),
            .numbers = channels,
            .activation = computes_again ? diff.activation : Activation::none,
            .input_diff = input_diff.as<T>()};
        launch_pixel_wise(stream, "nn::normalise_backward", input, channels.lanes, work);
      });
}

}  // namespace rondo::nn::cuda
