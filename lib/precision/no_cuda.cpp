// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/no_cuda.hpp"

#include "rondo/precision/device_casts.hpp"
#include "rondo/precision/device_norm.hpp"

// Nobody has a DeviceStream, so that nothing here is ever called.
namespace rondo::precision {

void convert(DeviceStream& /*stream*/, DeviceSpan<const float> /*from*/, DeviceSpan<bfloat16>) {
  no_cuda();
}
void convert(DeviceStream& /*stream*/, DeviceSpan<const float> /*from*/, DeviceSpan<half>) {
  no_cuda();
}
void convert(DeviceStream& /*stream*/, DeviceSpan<const bfloat16> /*from*/, DeviceSpan<float>) {
  no_cuda();
}
void convert(DeviceStream& /*stream*/, DeviceSpan<const bfloat16> /*from*/, DeviceSpan<half>) {
  no_cuda();
}
void convert(DeviceStream& /*stream*/, DeviceSpan<const half> /*from*/, DeviceSpan<float>) {
  no_cuda();
}
void convert(DeviceStream& /*stream*/, DeviceSpan<const half> /*from*/, DeviceSpan<bfloat16>) {
  no_cuda();
}
void round_to_copy(DeviceStream& /*stream*/, DeviceSpan<const float> /*values*/,
                   DeviceSpan<bfloat16> /*copy*/, const RoundingKey& /*key*/) {
  no_cuda();
}
void accumulate(DeviceStream& /*stream*/, DeviceSpan<const float> /*values*/, DeviceSpan<float>) {
  no_cuda();
}
void accumulate(DeviceStream& /*stream*/, DeviceSpan<const bfloat16>, DeviceSpan<float> /*sum*/) {
  no_cuda();
}
void accumulate(DeviceStream& /*stream*/, DeviceSpan<const half> /*values*/, DeviceSpan<float>) {
  no_cuda();
}

GradientNorm::GradientNorm(const Device& /*device*/, const DevicePieces& pieces) : pieces_(pieces) {
  no_cuda();
}
void GradientNorm::measure(DeviceStream& /*stream*/, DeviceSpan<const float> /*grads*/,
                           const Unscaling& /*unscaling*/) {
  no_cuda();
}
void GradientNorm::measure_pieces(DeviceStream& /*stream*/, DeviceSpan<const float> /*grads*/) {
  no_cuda();
}
void GradientNorm::add_up(DeviceStream& /*stream*/, const Unscaling& /*unscaling*/) {
  no_cuda();
}

}  // namespace rondo::precision
