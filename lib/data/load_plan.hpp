// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rondo/data/lane_sampler.hpp"

namespace rondo::data {

/// The groups of a rank's lanes in the order in which a trainer comes to them, epoch after epoch
/// without end. Not thread-safe.
class LoadPlan {
 public:
  struct Item {
    std::size_t epoch = 0;
    std::size_t lane = 0;
    LaneSampler::Group group;
    std::size_t remaining = 0;  ///< positions that are still to be used: all, but where it starts
    bool is_at_end = false;     ///< the lane's first or last one of the epoch
  };

  /// Starts with the groups that `step` of `epoch` needs.
  LoadPlan(LaneSampler sampler, std::size_t first_lane, std::size_t last_lane, std::size_t epoch,
           std::size_t step);

  /// How many of the lanes ever have a sample.
  std::size_t lanes() const noexcept { return places_.size(); }

  /// \throws UsageError  no lane has
  Item next();
  /// Whether `step` of `epoch` needs the next item.
  bool is_due(std::size_t epoch, std::size_t step);

  /// Whether a group of `epoch` that is still to come has a chunk that was in another lane's: only
  /// groups at a lane's end share any, the first or the last of their chunks.
  bool will_share(std::size_t epoch, std::uint64_t chunk) const;

 private:
  /// Where a lane has come to: the first position that no item has covered.
  struct Place {
    std::size_t lane = 0;
    std::size_t epoch = 0;
    std::size_t position = 0;
  };

  Place& next_place();
  bool will_share(const Place& place, std::size_t epoch, std::uint64_t chunk) const;
  bool is_before(const Place& left, const Place& right) const;
  void skip_ended_epochs(Place& place) const;

  LaneSampler sampler_;
  std::vector<Place> places_;
};

}  // namespace rondo::data
