// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/casts.hpp"

#include <string>
#include <utility>
#include <vector>

#include "rondo/precision/device_casts.hpp"

#include "gpu/gpu_array.hpp"
#include "gpu/gpu_kernels.hpp"

namespace rondo::bench {
namespace {

constexpr std::size_t elements = std::size_t{128} << 20;

template <class T>
std::vector<T> pattern(std::uint32_t seed) {
  std::vector<T> values(elements);
  for (std::size_t i = 0; i < elements; ++i)
    values[i] = static_cast<T>(pattern_value(i, seed));
  return values;
}

template <class From, class To>
GpuFigures measure_conversion(const Device& device, std::string name,
                              const GpuRaceOptions& options) {
  GpuArray<From> from(device, pattern<From>(1));
  DeviceMemory<To> to(device, elements, "converted values");
  const auto convert_all = [&](DeviceStream& stream) {
    precision::convert(stream, from.view(), to.span());
  };
  const GpuContender contender{.name = std::move(name),
                               .bytes = elements * (sizeof(From) + sizeof(To)),
                               .call = convert_all,
                               .verify = [&](DeviceStream& stream) {
                                 clear(stream, to.span());
                                 convert_all(stream);
                                 std::vector<To> expected(elements);
                                 precision::convert(from.start(), std::span(expected));
                                 return different_bits<To>(
                                     read_gpu(stream, std::as_const(to).span()), expected);
                               }};
  return race_on_gpu(device, std::span(&contender, 1), options).front();
}

template <class T>
GpuFigures measure_accumulation(const Device& device, std::string name,
                                const GpuRaceOptions& options) {
  GpuArray<T> values(device, pattern<T>(1));
  GpuArray<float> sum(device, pattern<float>(2));
  const auto accumulate_all = [&](DeviceStream& stream) {
    precision::accumulate(stream, values.view(), sum.span());
  };
  const GpuContender contender{.name = std::move(name),
                               .bytes = elements * (sizeof(T) + 2 * sizeof(float)),
                               .call = accumulate_all,
                               .verify = [&](DeviceStream& stream) {
                                 std::vector<float> expected = read_gpu(stream, sum.view());
                                 for (std::size_t i = 0; i < elements; ++i)
                                   expected[i] += static_cast<float>(values.start()[i]);
                                 accumulate_all(stream);
                                 return different_bits<float>(read_gpu(stream, sum.view()),
                                                              expected);
                               }};
  return race_on_gpu(device, std::span(&contender, 1), options).front();
}

}  // namespace

std::vector<GpuFigures> measure_casts(const Device& device, const GpuRaceOptions& options) {
  return {measure_conversion<float, bfloat16>(device, "f32 to bf16", options),
          measure_conversion<float, half>(device, "f32 to f16", options),
          measure_conversion<bfloat16, float>(device, "bf16 to f32", options),
          measure_accumulation<float>(device, "accumulate f32", options),
          measure_accumulation<bfloat16>(device, "accumulate bf16", options)};
}

}  // namespace rondo::bench
