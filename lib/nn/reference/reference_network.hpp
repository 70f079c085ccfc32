// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "rondo/nn/network.hpp"

namespace rondo::nn::reference {

/// The oracle: naive loops, sums in f64, results in f32. Slow, single-threaded.
/// \throws ConfigError  precision other than f32
std::unique_ptr<Network> make_reference_network(const NetworkSpec& spec,
                                                const NetworkOptions& options);

}  // namespace rondo::nn::reference
