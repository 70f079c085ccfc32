// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/weights.hpp"

#include <algorithm>

namespace rondo::nn::cuda {
namespace {

constexpr std::size_t alignment = 256;

std::size_t aligned(std::size_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

std::size_t working_bytes(const ResolvedLayer& layer, Precision precision) {
  return has_weights(layer) ? aligned(convolution_shape(layer).weights() * bytes_of(precision)) : 0;
}

std::size_t working_bytes(const Topology& topology, Precision precision) {
  std::size_t bytes = 0;
  for (const ResolvedLayer& layer : topology.layers)
    bytes += working_bytes(layer, precision);
  return bytes;
}

std::vector<WeightPiece> pieces_of(const Topology& topology) {
  std::vector<WeightPiece> pieces;
  std::uint32_t source = 0;
  for (const ResolvedLayer& layer : topology.layers) {
    if (!has_weights(layer)) continue;
    const std::size_t count = convolution_shape(layer).weights();
    for (std::size_t begin = 0; begin < count; begin += WeightPiece::most_elements)
      pieces.push_back(
          {.source = source,
           .count = static_cast<std::uint32_t>(std::min(WeightPiece::most_elements, count - begin)),
           .begin = begin});
    ++source;
  }
  return pieces;
}

template <class T>
void upload(const Device& device, const std::vector<T>& values, DeviceSpan<T> to) {
  DeviceStream stream(device);
  copy<T>(stream, values, to);
  stream.wait();
}

}  // namespace

WorkingWeights::WorkingWeights(const Device& device, const Topology& topology, Precision precision)
    : precision_(precision),
      memory_(device, working_bytes(topology, precision), "the layers' working weights") {
  std::size_t begin = 0;
  for (const ResolvedLayer& layer : topology.layers) {
    working_.push_back(has_weights(layer) ? memory_.span().data() + begin : nullptr);
    begin += working_bytes(layer, precision);
    if (!has_weights(layer)) continue;
    const ConvolutionShape shape = convolution_shape(layer);
    sources_.push_back({.value = nullptr,
                        .copy = nullptr,
                        .working = working_.back(),
                        .channels = shape.input.channels,
                        .kernel_elements = shape.kernel_elements()});
    parameters_.push_back(layer.first_parameter);
  }
  const auto pieces = pieces_of(topology);
  pieces_ = DeviceMemory<WeightPiece>(device, pieces.size(), "the table of the weights' pieces");
  upload(device, pieces, pieces_.span());
}

void WorkingWeights::bind(const Device& device, std::span<const DeviceParameterView> views) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const DeviceParameterView& view = views[parameters_[i]];
    sources_[i].value = view.value.data();
    sources_[i].copy = precision_ == Precision::bf16 ? view.copy.data() : nullptr;
  }
  // A new one, as queued work may still read the old one: its destructor waits.
  table_ = DeviceMemory<WeightSource>(device, sources_.size(), "the table of weights");
  upload(device, sources_, table_.span());
}

}  // namespace rondo::nn::cuda
