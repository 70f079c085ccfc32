// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/comm/tuning.hpp"

namespace rondo::bench {

/// What an algorithm was measured to take for a call of so many bytes.
struct TimedAlgorithm {
  std::size_t bytes = 0;
  comm::Algorithm algorithm = comm::Algorithm::ring;
  double seconds = 0;
};

/// So much slower an algorithm may be and still be taken because it is simpler.
inline constexpr double simplicity_tolerance = 1.03;

/// The rules by which `collective` goes by its fastest algorithm at this place.
///
/// `times` come by rising bytes. At each size the fastest wins; but the one of the size below, or
/// else the first in the list, wins where it is within the tolerance. Sizes next to one another
/// with one winner become one rule; it ends at the geometric mean of two sizes, and the last one
/// nowhere.
std::vector<comm::TuningRule> rules_of(comm::Collective collective, const comm::Place& place,
                                       std::span<const TimedAlgorithm> times);

/// The index of the value to take of a parameter. `seconds[value][size]`: least geometric mean over
/// the sizes; `preferred` wins where it is within the tolerance.
std::size_t best_value(std::span<const std::vector<double>> seconds, std::size_t preferred);

}  // namespace rondo::bench
