// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/no_cuda.hpp"

#include "rondo/nn/device_network.hpp"

namespace rondo::nn {

std::unique_ptr<DeviceNetwork> make_device_network(const Device& /*device*/,
                                                   const NetworkSpec& /*spec*/,
                                                   const DeviceNetworkOptions& /*options*/) {
  no_cuda();
}

}  // namespace rondo::nn
