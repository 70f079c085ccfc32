// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>

namespace rondo::comm::algorithms {

/// Who tells whom, so that every rank knows of all in ceil(log2 p) rounds. Each rank numbers the
/// others by the order in which it hears of them, itself as 0; before the round of `distance`, a
/// power of two, it knows of those below `distance`, and tells the first news(distance) of them.
///
/// Around the ring (Bruck et al. 1997); where p is a power of two in pairs, whose messages
/// acknowledge each other.
class Dissemination {
 public:
  Dissemination(int rank, int size) noexcept
      : rank_(rank), size_(size), in_pairs_(std::has_single_bit(static_cast<unsigned>(size))) {}

  int size() const noexcept { return size_; }
  std::size_t rounds() const noexcept {
    return static_cast<std::size_t>(std::bit_width(static_cast<unsigned>(size_ - 1)));
  }

  int number_of(int rank) const noexcept {
    return in_pairs_ ? rank_ ^ rank : (rank_ - rank + size_) % size_;
  }
  int rank_of(int number) const noexcept {
    return in_pairs_ ? rank_ ^ number : (rank_ - number + size_) % size_;
  }

  int from(int distance) const noexcept { return rank_of(distance); }
  int to(int distance) const noexcept {
    return in_pairs_ ? rank_ ^ distance : (rank_ + distance) % size_;
  }
  /// How many ranks are told of in the round of `distance`.
  int news(int distance) const noexcept { return std::min(distance, size_ - distance); }

 private:
  int rank_;
  int size_;
  bool in_pairs_;
};

}  // namespace rondo::comm::algorithms
