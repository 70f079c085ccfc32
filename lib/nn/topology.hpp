// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rondo/base/parameter.hpp"
#include "rondo/nn/network_spec.hpp"

namespace rondo::nn {

/// A layer with its shapes and its parameters, which are `parameters[first_parameter ...]`:
/// weight and bias if any; of a BatchNorm scale, shift, running mean, running variance.
struct ResolvedLayer {
  Layer layer;
  std::string name;       ///< kind and number within the kind: "conv1"
  std::size_t index = 0;  ///< in the chain
  ImageShape input;
  ImageShape output;
  std::size_t first_parameter = 0;
  std::size_t parameter_count = 0;
};

/// A network specification whose layers are known to fit each other.
struct Topology {
  std::vector<ResolvedLayer> layers;
  std::vector<ParameterSpec> parameters;  ///< in the order of the forward pass
};

/// \throws UsageError  naming the layer and the shapes that do not fit
Topology resolve(const NetworkSpec& spec);

}  // namespace rondo::nn
