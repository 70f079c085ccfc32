// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "rondo/base/device_span.hpp"
#include "rondo/base/device_stream.hpp"

#include "grad/compression/power_sgd.hpp"

/// PowerSGD's passes over the matrices of a bucket, each queued: the functions of low_rank.hpp for
/// all of them, in the same order of sums. One kernel each, if nothing else is said.
namespace rondo::grad::cuda {

/// A matrix of a bucket, and where what belongs to it begins.
struct LowRankMatrix {
  FactoredMatrix shape;
  std::size_t p;      ///< in the bucket's first factors, (rank, rows)
  std::size_t q;      ///< in its second ones, (rank, columns)
  std::size_t parts;  ///< in its sums of slices, (slices, rank, columns)
  std::size_t warm;   ///< in the factors of all buckets that steps start from, (rank, columns)
};

/// What a block of threads does at a time.
struct LowRankTile {
  std::uint32_t matrix;  ///< of the bucket
  std::uint32_t slice;   ///< of its rows
  std::uint32_t strip;   ///< of its columns
};

/// Rows of a tile that has all columns: one a warp.
inline constexpr std::size_t tile_rows = 8;
/// Columns of one that has slice_rows rows: one a thread.
inline constexpr std::size_t strip_columns = 256;

/// A bucket's work. `gradients` and `residual` are the whole arena's.
struct LowRank {
  DeviceSpan<const LowRankMatrix> matrices;
  DeviceSpan<const LowRankTile> row_tiles;
  DeviceSpan<const LowRankTile> tiles;
  DeviceSpan<float> gradients;
  DeviceSpan<float> residual;
  DeviceSpan<float> p;
  DeviceSpan<float> q;
  DeviceSpan<float> parts;           ///< for multiply_columns()
  DeviceSpan<float> warm;            ///< of all buckets
  DeviceSpan<std::uint32_t> finite;  ///< by matrix, for the passes: 0 if the residual stays
};

/// gradients += residual, and p = warm times these.
void multiply_rows(DeviceStream& stream, const LowRank& work);
/// Of the sums of p; all of a matrix's are NaN if one is not finite.
void orthonormalize(DeviceStream& stream, const LowRank& work);
/// q = p times the gradients. Two kernels.
void multiply_columns(DeviceStream& stream, const LowRank& work);
/// residual = gradients - p^T q, unless something is not finite
void subtract_factors(DeviceStream& stream, const LowRank& work);
/// gradients = p^T q, of the sums of q
void multiply_factors(DeviceStream& stream, const LowRank& work);
/// warm = the sums of q, rows of length 1, unless they are not finite; fresh rows for empty ones.
void keep_factors(DeviceStream& stream, const LowRank& work);

}  // namespace rondo::grad::cuda
