// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rondo/base/parameter.hpp"

namespace rondo::scale {

/// What a step does for one layer of a model on one rank.
struct LayerWork {
  std::string name;
  std::size_t elements = 0;  ///< of its gradient
  double forward_seconds = 0;
  double backward_seconds = 0;
};

/// What a synthetic step computes and reduces; the layers are in the order of the forward pass.
struct ModelWork {
  std::string name;
  std::string source = {};  ///< where sizes and times come from, for people
  std::vector<LayerWork> layers = {};

  double seconds() const;
  std::size_t gradient_bytes() const;
  /// A step in which a rank does `share` of the passes, and the links would need
  /// `reduction_seconds` for all gradients, takes at least so long: no gradient can leave before
  /// its layer's backward pass has ended.
  double least_step_seconds(double share, double reduction_seconds) const;
  /// Makes the passes so long altogether, each layer in proportion.
  void scale_to(double seconds);
};

/// What the layers with gradients have.
std::vector<ParameterSpec> parameters_of(const ModelWork& model);

}  // namespace rondo::scale
