// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "gpu/network_work.hpp"

#include <variant>

#include "nn/topology.hpp"

namespace rondo::bench {
namespace {

std::size_t multiplications(const nn::ResolvedLayer& layer) {
  if (const auto* conv = std::get_if<nn::Conv2d>(&layer.layer))
    return layer.output.elements() * layer.input.channels * conv->kernel * conv->kernel;
  if (std::holds_alternative<nn::Linear>(layer.layer))
    return layer.output.elements() * layer.input.elements();
  return 0;
}

}  // namespace

NetworkWork network_work(const nn::NetworkSpec& spec) {
  NetworkWork work;
  for (const nn::ResolvedLayer& layer : nn::resolve(spec).layers) {
    const std::size_t forward = multiplications(layer);
    const bool reads_image = layer.source == 0;
    work.forward += forward;
    work.training += (reads_image ? 2 : 3) * forward;
  }
  return work;
}

}  // namespace rondo::bench
