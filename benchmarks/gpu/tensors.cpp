// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "gpu/tensors.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>

#include "rondo/base/error.hpp"

namespace rondo::bench {
namespace {

constexpr std::size_t width = 768;
constexpr std::size_t gpt2_parameters = 124'439'808;
constexpr std::size_t alignment = 16;  // elements: a cache line of the CPU, as grad's arena

std::vector<std::size_t> gpt2_lengths() {
  std::vector<std::size_t> lengths{50257 * width, 1024 * width};
  const std::size_t block[] = {
      width, width, 3 * width * width, 3 * width, width * width,     width,
      width, width, 4 * width * width, 4 * width, 4 * width * width, width};
  for (int layer = 0; layer < 12; ++layer)
    lengths.insert(lengths.end(), std::begin(block), std::end(block));
  lengths.insert(lengths.end(), {width, width});
  return lengths;
}

void append_tensor(GpuModel& model, std::size_t length, ParameterRole role) {
  constexpr std::size_t most = precision::DevicePiece::most_elements;
  const std::size_t begin = (model.arena_elements + alignment - 1) / alignment * alignment;
  const auto tensor = static_cast<std::uint32_t>(model.begins.size());
  for (std::size_t done = 0; done < length; done += most)
    model.pieces.push_back({.begin = begin + done,
                            .count = static_cast<std::uint16_t>(std::min(most, length - done)),
                            .role = role,
                            .parameter = tensor});
  model.begins.push_back(begin);
  model.parameters += length;
  model.arena_elements = begin + length;
}

}  // namespace

std::vector<std::size_t> tensor_lengths(std::size_t tensors) {
  if (tensors == 148) return gpt2_lengths();
  if (tensors == 0 || tensors % 2 != 0 || tensors > 20'000)
    throw ConfigError("tensors is " + std::to_string(tensors) +
                      ": it must be 148 or another even number from 2 to 20000");
  const std::size_t large = tensors / 2;
  const std::size_t rest = gpt2_parameters - large * width;
  std::vector<std::size_t> lengths;
  for (std::size_t i = 0; i < large; ++i) {
    lengths.push_back(width);
    lengths.push_back(rest / large + (i < rest % large ? 1 : 0));
  }
  return lengths;
}

GpuModel make_gpu_model(const std::vector<std::size_t>& lengths) {
  GpuModel model;
  for (const std::size_t length : lengths)
    append_tensor(model, length, ParameterRole::weight);
  return model;
}

GpuModel make_gpu_model(std::span<const ParameterSpec> parameters) {
  GpuModel model;
  for (const ParameterSpec& parameter : parameters)
    append_tensor(model, element_count(parameter.shape), parameter.role);
  return model;
}

}  // namespace rondo::bench
