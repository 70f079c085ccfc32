// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "measure/statistics.hpp"
#include "rondo_bench/race.hpp"
#include "rondo_bench/shape.hpp"

namespace rondo::bench {

/// Another contender's time for the same, and how often ours fits into it: above 1 ours is faster.
struct Reference {
  double seconds = 0;  ///< median
  double ratio = 0;    ///< median over the repeats of its time by ours
};

/// One line of the table: an algorithm at a size. METRICS.md defines every figure.
struct Figures {
  Shape shape;
  comm::Algorithm algorithm = comm::Algorithm::automatic;
  Summary seconds;
  std::size_t repeats = 0;
  std::size_t batch = 1;
  std::uint64_t wrong = 0;
  std::optional<Reference> peer = {};
  std::optional<Reference> limit = {};

  /// Bytes a second, as nccl-tests define them.
  double algorithm_bandwidth() const;
  double bus_bandwidth() const;
};

Figures figures_of(const Shape& shape, comm::Algorithm algorithm, const Lap& lap);
Reference reference(const Lap& other, const Lap& ours);

}  // namespace rondo::bench
