// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/weights.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace rondo::nn::cuda {
namespace {

constexpr std::size_t alignment = 256;

std::size_t aligned(std::size_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// A parameter that has a working copy.
struct Copied {
  std::size_t parameter;
  std::size_t count;
  std::size_t channels;
  std::size_t kernel_elements;

  std::size_t bytes(Precision precision) const { return aligned(count * bytes_of(precision)); }
};

std::optional<Copied> copied_weights(const ResolvedLayer& layer) {
  if (!has_weights(layer)) return std::nullopt;
  const ConvolutionShape shape = convolution_shape(layer);
  return Copied{layer.first_parameter, shape.weights(), shape.input.channels,
                shape.kernel_elements()};
}

std::optional<Copied> copied_bias(const ResolvedLayer& layer) {
  if (!std::holds_alternative<Linear>(layer.layer) || layer.parameter_count < 2)
    return std::nullopt;
  const std::size_t count = layer.output.channels;
  return Copied{layer.first_parameter + 1, count, count, 1};
}

std::size_t working_bytes(const Topology& topology, Precision precision) {
  std::size_t bytes = 0;
  for (const ResolvedLayer& layer : topology.layers)
    for (const auto& copied : {copied_weights(layer), copied_bias(layer)})
      if (copied) bytes += copied->bytes(precision);
  return bytes;
}

std::vector<WeightPiece> pieces_of(const Topology& topology) {
  std::vector<WeightPiece> pieces;
  std::uint32_t source = 0;
  for (const ResolvedLayer& layer : topology.layers) {
    for (const auto& copied : {copied_weights(layer), copied_bias(layer)}) {
      if (!copied) continue;
      for (std::size_t begin = 0; begin < copied->count; begin += WeightPiece::most_elements)
        pieces.push_back({.source = source,
                          .count = static_cast<std::uint32_t>(
                              std::min(WeightPiece::most_elements, copied->count - begin)),
                          .begin = begin});
      ++source;
    }
  }
  return pieces;
}

template <class T>
void upload(const Device& device, const std::vector<T>& values, DeviceSpan<T> to) {
  DeviceStream stream(device, "setup");
  copy<T>(stream, values, to);
  stream.wait();
}

}  // namespace

WorkingWeights::WorkingWeights(const Device& device, const Topology& topology, Precision precision)
    : precision_(precision),
      memory_(device, working_bytes(topology, precision), "the layers' working weights") {
  std::byte* next = memory_.span().data();
  const auto place = [&](const std::optional<Copied>& copied) -> void* {
    if (!copied) return nullptr;
    void* const working = std::exchange(next, next + copied->bytes(precision));
    sources_.push_back({.value = nullptr,
                        .copy = nullptr,
                        .working = working,
                        .channels = copied->channels,
                        .kernel_elements = copied->kernel_elements});
    parameters_.push_back(copied->parameter);
    return working;
  };
  for (const ResolvedLayer& layer : topology.layers) {
    weights_.push_back(place(copied_weights(layer)));
    biases_.push_back(place(copied_bias(layer)));
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
