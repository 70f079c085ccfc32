// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rondo/base/parameter.hpp"
#include "rondo/nn/network_spec.hpp"

namespace rondo::nn {

/// The end of a Residual: the sum of two values.
struct Add {};

/// What is left of a Layer when a Residual is its layers, one after another, and an Add.
using SimpleLayer = std::variant<Conv2d, Linear, BatchNorm, Relu, MaxPool, AveragePool,
                                 GlobalAveragePool, Dropout, Add>;

/// A layer with its shapes and its parameters, which are `parameters[first_parameter ...]`:
/// weight and bias if any; of a BatchNorm scale, shift, running mean, running variance.
///
/// Values are numbered: 0 is the network's input, i + 1 the output of layer i.
struct ResolvedLayer {
  SimpleLayer layer;
  std::string name;          ///< kind and number within the kind: "conv1"
  std::size_t index = 0;     ///< in the order of the forward pass
  std::size_t source = 0;    ///< the value that it reads
  std::size_t shortcut = 0;  ///< the other value that an Add reads
  ImageShape input;
  ImageShape output;
  std::size_t first_parameter = 0;
  std::size_t parameter_count = 0;
};

/// A network specification whose layers are known to fit each other: a graph without cycles, each
/// layer behind those that it reads.
struct Topology {
  std::vector<ResolvedLayer> layers;
  std::vector<ParameterSpec> parameters;  ///< in the order of the forward pass

  /// How many times layers read each value: twice where a Residual begins, never the logits, else
  /// once.
  std::vector<std::size_t> readers() const;
};

/// \throws UsageError  naming the layer and the shapes that do not fit
Topology resolve(const NetworkSpec& spec);

}  // namespace rondo::nn
