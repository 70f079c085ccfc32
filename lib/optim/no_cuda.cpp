// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/no_cuda.hpp"

#include "optim/cuda/factored.hpp"

// Nobody has a DeviceStream, so that nothing here is ever called.
namespace rondo::optim::cuda {

void sgd(DeviceStream& /*stream*/, const UpdateWork& /*work*/, const kernel::SgdFactors&) {
  no_cuda();
}
void momentum(DeviceStream& /*stream*/, const UpdateWork& /*work*/, const kernel::SgdFactors&) {
  no_cuda();
}
void nesterov(DeviceStream& /*stream*/, const UpdateWork& /*work*/, const kernel::SgdFactors&) {
  no_cuda();
}
void adam(DeviceStream& /*stream*/, const UpdateWork& /*work*/, const kernel::AdamFactors&) {
  no_cuda();
}
void adamw(DeviceStream& /*stream*/, const UpdateWork& /*work*/, const kernel::AdamFactors&) {
  no_cuda();
}
void lion(DeviceStream& /*stream*/, const UpdateWork& /*work*/, const kernel::LionFactors&) {
  no_cuda();
}
void lamb(DeviceStream& /*stream*/, const UpdateWork& /*work*/, const kernel::AdamFactors&) {
  no_cuda();
}
void lars(DeviceStream& /*stream*/, const UpdateWork& /*work*/, const LarsFactors&) {
  no_cuda();
}
void measure_lamb(DeviceStream& /*stream*/, const UpdateWork&, const kernel::AdamFactors&) {
  no_cuda();
}
void measure_lars(DeviceStream& /*stream*/, const UpdateWork& /*work*/, const LarsFactors&) {
  no_cuda();
}
void adafactor(DeviceStream& /*stream*/, const FactoredWork& /*work*/) {
  no_cuda();
}
void sum_norms(DeviceStream& /*stream*/, const UpdateWork& /*work*/) {
  no_cuda();
}

}  // namespace rondo::optim::cuda
