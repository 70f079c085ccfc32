// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "rondo/grad/device_compression.hpp"

#include "grad/compression/top_k.hpp"

/// The methods on GPUs, as their headers for the CPU describe them. `parameters` are all, in the
/// order of the arena. A bucket takes one round's messages after the other, queued at once.
namespace rondo::grad {

/// Kernels a bucket: 3. Messages: 2 (1 + 1/p) copies of it in T.
template <class T>
std::unique_ptr<DeviceCompressor> make_device_short_float(
    const Layout& layout, const DeviceGradients& gradients,
    const std::vector<PlacedParameter>& parameters);

extern template std::unique_ptr<DeviceCompressor> make_device_short_float<bfloat16>(
    const Layout&, const DeviceGradients&, const std::vector<PlacedParameter>&);
extern template std::unique_ptr<DeviceCompressor> make_device_short_float<half>(
    const Layout&, const DeviceGradients&, const std::vector<PlacedParameter>&);

/// Kernels a bucket: 3. Messages: 2 + 1/p copies of it in int8, with their scales.
std::unique_ptr<DeviceCompressor> make_device_int8(const Layout& layout,
                                                   const DeviceGradients& gradients,
                                                   const std::vector<PlacedParameter>& parameters,
                                                   std::size_t block);

/// Kernels a bucket: 6. Messages: as many entries as the warm-up begins with, all, of every rank
/// and once more.
std::unique_ptr<DeviceCompressor> make_device_top_k(const Layout& layout,
                                                    const DeviceGradients& gradients,
                                                    const std::vector<PlacedParameter>& parameters,
                                                    const TopKOptions& options);

/// Kernels a bucket: 7. Messages: the factors of its matrices, one a matrix; sums of slices are
/// longer than second factors by the number of slices.
std::unique_ptr<DeviceCompressor> make_device_power_sgd(
    const Layout& layout, const DeviceGradients& gradients,
    const std::vector<PlacedParameter>& parameters, std::size_t rank, std::uint64_t seed);

/// What it takes of the GPU's memory besides residuals, exact sums and tables.
std::size_t planned_factor_bytes(const Layout& layout,
                                 const std::vector<PlacedParameter>& parameters, std::size_t rank);

}  // namespace rondo::grad
