// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/optim/device_factors.hpp"

#include "optim/cuda/update.hpp"
#include "optim/kernels/factors.hpp"

namespace rondo::optim::cuda {

/// What the kernels of adafactor go through, by value.
struct FactoredWork {
  UpdateWork update;
  DeviceFactors::Memory factors;
  kernel::FactoredStep step;
};

/// Queues six kernels: the squares of pieces, with the second moments of vectors; the squares of
/// matrices' rows and columns; their second moments; the squares again, by the roots of their rows;
/// how far each parameter goes; the move.
void adafactor(DeviceStream& stream, const FactoredWork& work);

}  // namespace rondo::optim::cuda
