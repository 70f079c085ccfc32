// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rondo::apps {

/// How far two tensors of one shape are apart.
struct TensorDifference {
  std::size_t different = 0;    ///< elements whose bits differ
  std::size_t not_finite = 0;   ///< of those, where one of the two is no finite number
  double most = 0;              ///< greatest |a - b| of the others
  std::uint64_t most_ulps = 0;  ///< the greatest number of f32 steps from one to the other

  /// That of another part of the tensors.
  void add(const TensorDifference& other);
};

/// Both must have the same size.
TensorDifference difference_of(std::span<const float> a, std::span<const float> b);

}  // namespace rondo::apps
