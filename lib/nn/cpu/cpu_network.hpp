// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "rondo/nn/network.hpp"

namespace rondo::nn::cpu {

/// \throws ConfigError  Rondo was built without oneDNN
std::unique_ptr<Network> make_cpu_network(const NetworkSpec& spec, const NetworkOptions& options);

}  // namespace rondo::nn::cpu
