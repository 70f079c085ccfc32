// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rondo/optim/device_optimizer.hpp"

#include "optim/kernels/rules.hpp"

namespace rondo::optim::cuda {

/// What the kernels go through, by value: no host memory is read later.
struct UpdateWork {
  const precision::DevicePiece* pieces;
  std::size_t piece_count;
  const std::uint64_t* first_pieces;  ///< of each parameter, and behind the last
  std::size_t parameters;
  float* values;
  const float* grads;
  std::array<float*, 3> slots;
  bfloat16* copy;                             ///< or null
  const precision::GradientVerdict* verdict;  ///< or null
  SquareSums* piece_norms;                    ///< null unless the rule has Scope::norms
  SquareSums* norms;                          ///< by parameter
  StatisticUpdate statistic;
  bool at_random;  ///< how the copy is rounded
  std::uint64_t seed;
  std::uint64_t step;
  bool aligned = false;  ///< all memories, so that four elements are loaded at once
};

/// `local_rate` follows from the norms.
struct LarsFactors : kernel::SgdFactors {
  float trust_coefficient;
};

/// Each queues one kernel. `factors` are those of a parameter that decays.
void sgd(DeviceStream& stream, const UpdateWork& work, const kernel::SgdFactors& factors);
void momentum(DeviceStream& stream, const UpdateWork& work, const kernel::SgdFactors& factors);
void nesterov(DeviceStream& stream, const UpdateWork& work, const kernel::SgdFactors& factors);
void adam(DeviceStream& stream, const UpdateWork& work, const kernel::AdamFactors& factors);
void adamw(DeviceStream& stream, const UpdateWork& work, const kernel::AdamFactors& factors);
void lion(DeviceStream& stream, const UpdateWork& work, const kernel::LionFactors& factors);

/// Of the norms that sum_norms() has left.
void lamb(DeviceStream& stream, const UpdateWork& work, const kernel::AdamFactors& factors);
void lars(DeviceStream& stream, const UpdateWork& work, const LarsFactors& factors);

/// One kernel each: the norms of all pieces, and for LAMB the moments; then of all parameters.
void measure_lamb(DeviceStream& stream, const UpdateWork& work, const kernel::AdamFactors& factors);
void measure_lars(DeviceStream& stream, const UpdateWork& work, const LarsFactors& factors);
void sum_norms(DeviceStream& stream, const UpdateWork& work);

}  // namespace rondo::optim::cuda
