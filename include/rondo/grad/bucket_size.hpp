// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "rondo/comm/communicator.hpp"

namespace rondo::grad {

/// What a bucket measures where nothing is known of the communicator.
inline constexpr std::size_t default_bucket_bytes = std::size_t{1} << 22;
/// Measured sizes are powers of two in between.
inline constexpr std::size_t least_bucket_bytes = std::size_t{1} << 16;
inline constexpr std::size_t most_bucket_bytes = std::size_t{1} << 23;

/// How fast a communicator sums.
struct SumSpeed {
  double latency_seconds = 0;   ///< what the shortest sum takes
  double seconds_per_byte = 0;  ///< of a long one
};

/// Collective, blocking, some tenths of a second on slow links; alike on all ranks. Sums up to
/// `most_bytes`, 4 MiB at the most. \throws CommError
SumSpeed measure_sum_speed(comm::Communicator& comm, std::size_t most_bytes);

/// The power of two that leaves least of the sums beside a backward pass as long as they are. With
/// N bytes of gradients in buckets of S bytes, a sum of t seconds a byte, and d seconds that each
/// bucket stands still (its latency, and half a millisecond until the backward pass looks after the
/// collectives again)
///     N/S d  for the buckets, and  5/4 S t  for the last whole bucket and the small first one,
/// which is least at S = sqrt(4/5 N d / t).
std::size_t best_bucket_bytes(const SumSpeed& speed, std::size_t gradient_bytes);

/// A length and where it comes from, for people: "measured: ...".
struct BucketSize {
  std::size_t bytes = default_bucket_bytes;
  std::string reason = {};
};

/// The best size for so many gradients on this communicator, or default_bucket_bytes where there is
/// nothing to choose: one rank, or less than two of the smallest buckets.
/// Collective, alike on all ranks. \throws CommError
BucketSize measure_bucket_size(comm::Communicator& comm, std::size_t gradient_bytes);

}  // namespace rondo::grad
