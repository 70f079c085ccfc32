// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/error.hpp"

#include "nn/cpu/cpu_network.hpp"

namespace rondo::nn {

bool cpu_has_bf16() {
  return false;
}

namespace cpu {

std::unique_ptr<Network> make_cpu_network(const NetworkSpec&, const NetworkOptions&) {
  throw ConfigError(
      "this build has no cpu layers: configure with -DRONDO_WITH_ONEDNN=ON (Debian's package "
      "libdnnl-dev), or choose the reference backend");
}

}  // namespace cpu
}  // namespace rondo::nn
