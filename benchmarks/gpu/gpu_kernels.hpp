// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "gpu/gpu_race.hpp"

namespace rondo::bench {

/// Norm, clipping and AdamW over so many tensors, with the bf16 copy and without: the norm alone,
/// the update alone, and both as a step ends. \throws as tensor_lengths() and race_on_gpu()
std::vector<GpuFigures> measure_update(const Device& device, std::size_t tensors, bool copy,
                                       const GpuRaceOptions& options);

/// The sum of 2 and of 8 lanes along their tree.
std::vector<GpuFigures> measure_tree(const Device& device, const GpuRaceOptions& options);

/// Conversions between f32 and short floats, and accumulation.
std::vector<GpuFigures> measure_casts(const Device& device, const GpuRaceOptions& options);

}  // namespace rondo::bench
