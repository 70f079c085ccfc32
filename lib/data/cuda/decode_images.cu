// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <type_traits>

#include "base/cuda/launch.cuh"
#include "data/cuda/decode_images.hpp"
#include "data/kernels/image_elements.hpp"
#include "data/kernels/noise.hpp"

namespace rondo::data::cuda {
namespace {

using rondo::cuda::block_threads;

/// The values of a stored image's channel.
template <class Stored>
struct Plane;

template <>
struct Plane<std::uint8_t> {
  const std::uint8_t* stored;
  const float* values;

  __device__ __forceinline__ Plane(const Decode& decode, std::size_t plane, std::uint32_t channel,
                                   std::size_t pixels)
      : stored(reinterpret_cast<const std::uint8_t*>(decode.stored) + plane * pixels),
        values(decode.tables + std::size_t{256} * channel) {}
  __device__ __forceinline__ float operator[](std::size_t i) const {
    return __ldg(values + __ldg(stored + i));
  }
};

template <>
struct Plane<float> {
  const float* stored;
  float mean;
  float deviation;

  __device__ __forceinline__ Plane(const Decode& decode, std::size_t plane, std::uint32_t channel,
                                   std::size_t pixels)
      : stored(reinterpret_cast<const float*>(decode.stored) + plane * pixels),
        mean(__ldg(decode.tables + std::size_t{2} * channel)),
        deviation(__ldg(decode.tables + std::size_t{2} * channel + 1)) {}
  __device__ __forceinline__ float operator[](std::size_t i) const {
    return normalized(__ldg(stored + i), mean, deviation);
  }
};

/// Where a pixel of an image comes from: between four of the stored one, or from one of them.
struct Source {
  Tap row;
  Tap column;
  bool is_outside;  // of what was moved: zero
  bool resize;

  __device__ __forceinline__ Source(const Decode& decode, const ImageTransform& transform,
                                    std::uint32_t pixel) {
    // Below 0 wraps around and is too large as well.
    const std::uint32_t y = pixel / decode.width - static_cast<std::uint32_t>(transform.down);
    const std::uint32_t x = pixel % decode.width - static_cast<std::uint32_t>(transform.right);
    is_outside = y >= decode.height || x >= decode.width;
    resize = transform.resize;
    const std::uint32_t mirrored = transform.flip ? decode.width - 1 - x : x;
    row = tap(transform.top, transform.height, decode.height, y);
    column = tap(transform.left, transform.width, decode.width, mirrored);
  }

  __device__ __forceinline__ Tap tap(std::uint32_t begin, std::uint32_t length, std::uint32_t count,
                                     std::uint32_t i) const {
    if (is_outside) return {};
    if (!resize) return {begin + i, begin + i, 0.0F};
    return tap_at(begin, length, axis_scale(length, count), i);
  }

  template <class Stored>
  __device__ __forceinline__ float value(const Plane<Stored>& plane, std::size_t width) const {
    if (is_outside) return 0.0F;
    const std::size_t upper = row.low * width;
    if (!resize) return plane[upper + column.low];
    const std::size_t lower = row.high * width;
    return between(between(plane[upper + column.low], plane[upper + column.high], column.weight),
                   between(plane[lower + column.low], plane[lower + column.high], column.weight),
                   row.weight);
  }
};

/// All channels of a pixel.
template <class Stored, class T>
__device__ __forceinline__ void decode_pixel(const Decode& decode, std::size_t sample,
                                             std::uint32_t pixel) {
  const ImageTransform& transform = decode.transforms[sample];
  const Source source(decode, transform, pixel);
  const std::size_t stored_pixels = std::size_t{decode.stored_height} * decode.stored_width;
  const std::size_t pixels = std::size_t{decode.height} * decode.width;
  const bool is_planar = decode.layout == ImageLayout::planar;
  const std::size_t first = sample * decode.channels;
  T* out = static_cast<T*>(decode.images) + first * pixels +
           pixel * (is_planar ? std::size_t{1} : std::size_t{decode.channels});
  const std::size_t stride = is_planar ? pixels : 1;
  for (std::uint32_t channel = 0; channel < decode.channels; ++channel) {
    const Plane<Stored> plane(decode, first + channel, channel, stored_pixels);
    float value = source.value(plane, decode.stored_width);
    if (transform.noise != 0.0F)
      value = with_noise(value, transform.noise,
                         noise_at(transform.noise_key, channel * pixels + pixel));
    out[channel * stride] = static_cast<T>(value);
  }
}

/// A block of work is so many pixels of one image.
template <class Stored, class T>
__global__ void __launch_bounds__(block_threads)
    decode_images(const __grid_constant__ Decode decode, const std::uint32_t blocks_per_image) {
  const std::uint32_t pixels = decode.height * decode.width;
  const std::size_t blocks = decode.samples * blocks_per_image;
  for (std::size_t block = blockIdx.x; block < blocks; block += gridDim.x) {
    const std::size_t sample = block / blocks_per_image;
    const auto part = static_cast<std::uint32_t>(block - sample * blocks_per_image);
    const std::uint32_t pixel = part * blockDim.x + threadIdx.x;
    if (pixel < pixels) decode_pixel<Stored, T>(decode, sample, pixel);
  }
}

template <class F>
void dispatch_stored(DType dtype, F f) {
  if (dtype == DType::u8)
    f(std::type_identity<std::uint8_t>{});
  else
    f(std::type_identity<float>{});
}

template <class F>
void dispatch_floats(DType dtype, F f) {
  switch (dtype) {
    case DType::f32: return f(std::type_identity<float>{});
    case DType::bf16: return f(std::type_identity<bfloat16>{});
    default: return f(std::type_identity<half>{});
  }
}

}  // namespace

void queue(DeviceStream& stream, const Decode& decode) {
  const std::uint32_t pixels = decode.height * decode.width;
  const std::uint32_t blocks_per_image = (pixels + block_threads - 1) / block_threads;
  dispatch_stored(decode.stored_type, [&]<class Stored>(std::type_identity<Stored>) {
    dispatch_floats(decode.type, [&]<class T>(std::type_identity<T>) {
      rondo::cuda::launch<&decode_images<Stored, T>>(stream, "data::decode_images",
                                                     decode.samples * blocks_per_image, decode,
                                                     blocks_per_image);
    });
  });
}

}  // namespace rondo::data::cuda
