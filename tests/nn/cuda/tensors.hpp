// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rondo/base/device_memory.hpp"

#include "nn/cuda/tensor.hpp"
#include "nn/reference/layers.hpp"
#include "support/gpu_arrays.hpp"

namespace rondo::nn::test {

/// A reference tensor in the GPU's layout, rounded to T.
template <class T>
class TensorOnGpu {
 public:
  using Host = reference::Tensor;

  TensorOnGpu(const Device& device, DeviceStream& stream, const Host& host)
      : batch_(host.batch_size), shape_(host.shape), memory_(device, stream, channels_last(host)) {}
  /// Of NaNs, to be written.
  TensorOnGpu(const Device& device, DeviceStream& stream, std::size_t batch,
              const ImageShape& shape)
      : batch_(batch),
        shape_(shape),
        memory_(device, stream,
                std::vector<T>(batch * shape.elements(),
                               static_cast<T>(std::numeric_limits<float>::quiet_NaN()))) {}

  cuda::Tensor view() { return {memory_.span().data(), precision(), batch_, shape_}; }

  Host read() {
    const std::vector<T> values = memory_.read();
    Host host(batch_, shape_);
    for_each(host, [&](std::size_t i, float& value) { value = static_cast<float>(values[i]); });
    return host;
  }

 private:
  static constexpr Precision precision() {
    if (std::is_same_v<T, bfloat16>) return Precision::bf16;
    return std::is_same_v<T, half> ? Precision::f16 : Precision::f32;
  }
  static std::vector<T> channels_last(Host host) {
    std::vector<T> values(host.values.size());
    for_each(host, [&](std::size_t i, float& value) { values[i] = static_cast<T>(value); });
    return values;
  }
  /// Calls f(number of the element in the GPU's layout, element).
  template <class F>
  static void for_each(Host& host, F f) {
    std::size_t i = 0;
    for (std::size_t n = 0; n < host.batch_size; ++n)
      for (std::size_t h = 0; h < host.shape.height; ++h)
        for (std::size_t w = 0; w < host.shape.width; ++w)
          for (std::size_t c = 0; c < host.shape.channels; ++c)
            f(i++, host.at(n, c, h, w));
  }

  std::size_t batch_;
  ImageShape shape_;
  rondo::test::OnGpu<T> memory_;
};

}  // namespace rondo::nn::test
