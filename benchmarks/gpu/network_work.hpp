// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "rondo/nn/network_spec.hpp"

namespace rondo::bench {

/// Multiplications of a sample, each with an addition, in convolutions and linear layers: what the
/// shapes say, products with padding included, whatever a library's algorithm multiplies.
struct NetworkWork {
  std::size_t forward = 0;
  /// Forward, the weights' gradients, and the inputs' gradients but for layers that read the image.
  std::size_t training = 0;
};

/// \throws UsageError  layers that do not fit each other
NetworkWork network_work(const nn::NetworkSpec& spec);

}  // namespace rondo::bench
