// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/nn/network.hpp"

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "nn/cpu/cpu_network.hpp"
#include "nn/reference/reference_network.hpp"

namespace rondo::nn {

std::unique_ptr<Network> make_network(const NetworkSpec& spec, const NetworkOptions& options) {
  if (options.threads < 1)
    throw ConfigError(fmt::format("threads is {}: it must be at least 1", options.threads));
  precision::check(options.precision);
  switch (options.backend) {
    case Backend::reference: return reference::make_reference_network(spec, options);
    case Backend::cpu: return cpu::make_cpu_network(spec, options);
  }
  throw UsageError("backend out of range");
}

}  // namespace rondo::nn
