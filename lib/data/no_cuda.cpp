// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/no_cuda.hpp"

#include "data/cuda/decode_images.hpp"

// Nobody has a DeviceStream, so that nothing here is ever called.
namespace rondo::data::cuda {

void queue(DeviceStream& /*stream*/, const Decode& /*decode*/) {
  no_cuda();
}

}  // namespace rondo::data::cuda
