// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "rondo/grad/compression.hpp"

namespace rondo::grad {

/// Disjoint stretches of the arena in ascending order, also seen as one sequence without gaps.
class Runs {
 public:
  Runs() = default;
  explicit Runs(std::vector<ElementRange> ranges);

  std::span<const ElementRange> ranges() const noexcept { return ranges_; }
  std::size_t count() const noexcept { return count_; }  ///< elements of all

  Runs within(ElementRange limits) const;
  /// What `limits` has besides these runs.
  Runs outside(ElementRange limits) const;

  /// Calls visit(arena position, sequence position, count) for every stretch of the sequence's part
  /// [first, last); `last` may lie beyond its end.
  template <class Visit>
  void visit_part(std::size_t first, std::size_t last, Visit&& visit) const {
    std::size_t position = 0;
    for (const auto& range : ranges_) {
      const std::size_t length = range.end - range.begin;
      const std::size_t from = std::max(first, position);
      const std::size_t to = std::min(last, position + length);
      if (from < to) visit(range.begin + (from - position), from, to - from);
      position += length;
    }
  }
  template <class Visit>
  void visit_all(Visit&& visit) const {
    visit_part(0, count_, visit);
  }

 private:
  std::vector<ElementRange> ranges_;
  std::size_t count_ = 0;
};

/// Those whose gradients may be approximate: all but statistics.
std::vector<PlacedParameter> lossy_parameters(std::span<const PlacedParameter> parameters);

/// Where they lie. The padding between two of them is taken along.
Runs lossy_runs(std::span<const PlacedParameter> parameters);

}  // namespace rondo::grad
