// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/floats.cuh"
#include "nn/cuda/pool.hpp"

namespace rondo::nn::cuda {
namespace {

/// A tensor's extents, and what a thread takes of it: `n` channels of a pixel.
struct Extents {
  std::size_t height;
  std::size_t width;
  std::size_t channels;

  explicit Extents(const ImageShape& shape)
      : height(shape.height), width(shape.width), channels(shape.channels) {}
  __device__ __forceinline__ std::size_t index(std::size_t image, std::size_t h, std::size_t w,
                                               std::size_t channel) const {
    return ((image * height + h) * width + w) * channels + channel;
  }
};

struct Place {
  std::size_t image;
  std::size_t h;
  std::size_t w;
  std::size_t channel;
};

template <int n>
__device__ __forceinline__ Place place_of(std::size_t item, const Extents& extents) {
  const std::size_t first = item * n;
  const std::size_t pixel = first / extents.channels;
  const std::size_t row = pixel / extents.width;
  return {row / extents.height, row % extents.height, pixel % extents.width,
          first % extents.channels};
}

/// Calls f(position, h, w) for the inputs that an output sees.
template <class F>
__device__ __forceinline__ void for_each_input(const Window& window, const Extents& input,
                                               const Place& output, F f) {
  for (std::size_t kh = 0; kh < window.height; ++kh) {
    for (std::size_t kw = 0; kw < window.width; ++kw) {
      // Below 0 wraps around and is too large as well.
      const std::size_t h = output.h * window.stride + kh - window.padding;
      const std::size_t w = output.w * window.stride + kw - window.padding;
      if (h < input.height && w < input.width) f(kh * window.width + kw, h, w);
    }
  }
}

/// The first window of those, in one direction, that see row or column `i`.
__device__ __forceinline__ std::size_t first_window(std::size_t i, std::size_t extent,
                                                    const Window& window) {
  const std::size_t padded = i + window.padding;
  return padded < extent ? 0 : (padded - extent) / window.stride + 1;
}

/// The end of those windows; `count` is how many there are.
__device__ __forceinline__ std::size_t end_window(std::size_t i, std::size_t count,
                                                  const Window& window) {
  const std::size_t end = (i + window.padding) / window.stride + 1;
  return end < count ? end : count;
}

/// Calls f(position in the window, h, w) for the outputs that see an input.
template <class F>
__device__ __forceinline__ void for_each_output(const Window& window, const Place& input,
                                                const Extents& output, F f) {
  const std::size_t end_h = end_window(input.h, output.height, window);
  const std::size_t end_w = end_window(input.w, output.width, window);
  for (std::size_t h = first_window(input.h, window.height, window); h < end_h; ++h) {
    for (std::size_t w = first_window(input.w, window.width, window); w < end_w; ++w) {
      const std::size_t kh = input.h + window.padding - h * window.stride;
      const std::size_t kw = input.w + window.padding - w * window.stride;
      f(kh * window.width + kw, h, w);
    }
  }
}

__device__ __forceinline__ bool takes_place(float value, float largest) {
  return value > largest || value != value;  // or NaN
}

template <class T, int channels>
struct MaxPoolWork {
  static constexpr int width = 1;
  Window window;
  Extents in;
  Extents out;
  const T* input;
  T* output;
  WindowPosition* positions;  // or null

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    const Place place = place_of<channels>(i, out);
    Floats<channels> largest{};
    Pack<WindowPosition, channels> chosen{};
    bool is_first = true;
    for_each_input(window, in, place, [&](std::size_t position, std::size_t h, std::size_t w) {
      const auto values = load_floats<channels>(input + in.index(place.image, h, w, place.channel));
#pragma unroll
      for (int k = 0; k < channels; ++k) {
        if (!is_first && !takes_place(values.at[k], largest.at[k])) continue;
        largest.at[k] = values.at[k];
        chosen.at[k] = static_cast<WindowPosition>(position);
      }
      is_first = false;
    });
    store_floats(largest, output + i * channels);
    if (positions != nullptr) store_pack(chosen, positions + i * channels);
  }
};

template <class T, int channels>
struct MaxPoolBackwardWork {
  static constexpr int width = 1;
  Window window;
  Extents in;
  Extents out;
  const WindowPosition* positions;
  const T* output_diff;
  T* input_diff;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    const Place place = place_of<channels>(i, in);
    Floats<channels> sums{};
    for_each_output(window, place, out, [&](std::size_t position, std::size_t h, std::size_t w) {
      const std::size_t o = out.index(place.image, h, w, place.channel);
      const auto chosen = load_pack<channels>(positions + o);
      const auto diffs = load_floats<channels>(output_diff + o);
#pragma unroll
      for (int k = 0; k < channels; ++k)
        if (chosen.at[k] == position) sums.at[k] += diffs.at[k];
    });
    store_floats(sums, input_diff + i * channels);
  }
};

template <class T, int channels>
struct AveragePoolWork {
  static constexpr int width = 1;
  Window window;
  Extents in;
  Extents out;
  const T* input;
  T* output;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    const Place place = place_of<channels>(i, out);
    Floats<channels> sums{};
    for_each_input(window, in, place, [&](std::size_t, std::size_t h, std::size_t w) {
      const auto values = load_floats<channels>(input + in.index(place.image, h, w, place.channel));
#pragma unroll
      for (int k = 0; k < channels; ++k)
        sums.at[k] += values.at[k];
    });
#pragma unroll
    for (int k = 0; k < channels; ++k)
      sums.at[k] /= static_cast<float>(window.height * window.width);
    store_floats(sums, output + i * channels);
  }
};

template <class T, int channels>
struct AveragePoolBackwardWork {
  static constexpr int width = 1;
  Window window;
  Extents in;
  Extents out;
  const T* output_diff;
  T* input_diff;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    const Place place = place_of<channels>(i, in);
    Floats<channels> sums{};
    for_each_output(window, place, out, [&](std::size_t, std::size_t h, std::size_t w) {
      const auto diffs =
          load_floats<channels>(output_diff + out.index(place.image, h, w, place.channel));
#pragma unroll
      for (int k = 0; k < channels; ++k)
        sums.at[k] += diffs.at[k];
    });
#pragma unroll
    for (int k = 0; k < channels; ++k)
      sums.at[k] /= static_cast<float>(window.height * window.width);
    store_floats(sums, input_diff + i * channels);
  }
};

}  // namespace

void max_pool(DeviceStream& stream, const Window& window, const Tensor& input, const Tensor& output,
              WindowPosition* positions) {
  for_type_and_width(input.precision, input.shape.channels,
                     [&]<class T, int n>(std::type_identity<T>, std::integral_constant<int, n>) {
                       launch_items(
                           stream, "nn::max_pool", output.elements() / n,
                           MaxPoolWork<T, n>{window, Extents(input.shape), Extents(output.shape),
                                             input.as<T>(), output.as<T>(), positions});
                     });
}

void max_pool_backward(DeviceStream& stream, const Window& window, const WindowPosition* positions,
                       const Tensor& output_diff, const Tensor& input_diff) {
  for_type_and_width(
      input_diff.precision, input_diff.shape.channels,
      [&]<class T, int n>(std::type_identity<T>, std::integral_constant<int, n>) {
        launch_items(
            stream, "nn::max_pool_backward", input_diff.elements() / n,
            MaxPoolBackwardWork<T, n>{window, Extents(input_diff.shape), Extents(output_diff.shape),
                                      positions, output_diff.as<T>(), input_diff.as<T>()});
      });
}

void average_pool(DeviceStream& stream, const Window& window, const Tensor& input,
                  const Tensor& output) {
  for_type_and_width(
      input.precision, input.shape.channels,
      [&]<class T, int n>(std::type_identity<T>, std::integral_constant<int, n>) {
        launch_items(stream, "nn::average_pool", output.elements() / n,
                     AveragePoolWork<T, n>{window, Extents(input.shape), Extents(output.shape),
                                           input.as<T>(), output.as<T>()});
      });
}

void average_pool_backward(DeviceStream& stream, const Window& window, const Tensor& output_diff,
                           const Tensor& input_diff) {
  for_type_and_width(input_diff.precision, input_diff.shape.channels,
                     [&]<class T, int n>(std::type_identity<T>, std::integral_constant<int, n>) {
                       launch_items(
                           stream, "nn::average_pool_backward", input_diff.elements() / n,
                           AveragePoolBackwardWork<T, n>{window, Extents(input_diff.shape),
                                                         Extents(output_diff.shape),
                                                         output_diff.as<T>(), input_diff.as<T>()});
                     });
}

}  // namespace rondo::nn::cuda
