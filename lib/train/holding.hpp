// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "rondo/grad/layout.hpp"

namespace rondo::train {

/// A part of one parameter that this rank updates.
struct Run {
  std::size_t parameter = 0;
  grad::ElementRange range;   ///< in the arena
  grad::ElementRange pieces;  ///< of the layout, which make up the run
  std::size_t local = 0;      ///< where it starts in memory for what the rank holds
};

/// A range of the arena whose values are complete once its runs are updated: a shard of a bucket,
/// or all of it.
struct Part {
  grad::ElementRange range;
  std::size_t local = 0;
  std::vector<Run> runs;
};

/// What of the arena a rank updates: everything as one part, or its shard of each bucket.
class Holding {
 public:
  static Holding everything(const grad::Layout& layout);
  static Holding shards(const grad::Layout& layout, int rank);

  const std::vector<Part>& parts() const noexcept { return parts_; }
  std::size_t elements() const noexcept { return elements_; }

  /// The parts, cut into parts of so many elements at the most, a multiple of a block's.
  std::vector<Part> tiles(const grad::Layout& layout, std::size_t elements) const;

 private:
  std::vector<Part> parts_;
  std::size_t elements_ = 0;
};

}  // namespace rondo::train
