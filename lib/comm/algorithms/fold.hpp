// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>

namespace rondo::comm::algorithms {

/// A power of two of ranks, the core, that stand for all: as many of the lowest ranks as need be
/// form pairs, in which the right one leaves its part to the left one. A place in the core stands
/// for one rank or for two, and places are in the order of the ranks.
class Fold {
 public:
  Fold(int rank, int size) noexcept
      : rank_(rank),
        size_(size),
        places_(static_cast<int>(std::bit_floor(static_cast<unsigned>(size)))) {}

  int places() const noexcept { return places_; }
  bool in_core() const noexcept { return rank_ >= 2 * pairs() || rank_ % 2 == 0; }
  /// In a pair: the other one. Else -1.
  int mate() const noexcept { return rank_ < 2 * pairs() ? (rank_ ^ 1) : -1; }
  bool has_mate() const noexcept { return mate() >= 0; }

  /// This rank's place, or its pair's.
  int place() const noexcept { return rank_ < 2 * pairs() ? rank_ / 2 : rank_ - pairs(); }
  /// The lowest rank for which a place stands; for places() the number of ranks.
  int rank_at(int place) const noexcept { return place < pairs() ? 2 * place : place + pairs(); }

 private:
  int pairs() const noexcept { return size_ - places_; }

  int rank_;
  int size_;
  int places_;
};

}  // namespace rondo::comm::algorithms
