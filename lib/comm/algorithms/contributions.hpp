// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "comm/algorithms/channel.hpp"
#include "comm/algorithms/dissemination.hpp"

namespace rondo::comm::algorithms {

/// What every rank shows the others, in one rank's memory in the order in which it hears of them:
/// what it knows is a prefix of that.
class Contributions {
 public:
  /// `bytes`: the length of each rank's contribution, by rank.
  Contributions(Channel& channel, const std::vector<std::size_t>& bytes)
      : way_(channel.rank(), channel.size()),
        begins_(laid_out(bytes, way_)),
        memory_(channel.scratch(begins_.back())) {}

  /// Every rank shows `bytes` bytes.
  static Contributions of_all(Channel& channel, std::size_t bytes) { return {channel, bytes}; }
  /// Rank `root` alone shows any.
  static Contributions of_one(Channel& channel, int root, std::size_t bytes) {
    std::vector<std::size_t> lengths(static_cast<std::size_t>(channel.size()));
    lengths[static_cast<std::size_t>(root)] = bytes;
    return {channel, lengths};
  }

  const Dissemination& way() const noexcept { return way_; }

  std::span<std::byte> own() { return range(0, 1); }
  std::span<std::byte> of(int rank) {
    const int number = way_.number_of(rank);
    return range(number, number + 1);
  }

  /// Sent and received in the round of `distance`.
  std::span<std::byte> outgoing(int distance) { return range(0, way_.news(distance)); }
  std::span<std::byte> incoming(int distance) {
    return range(distance, distance + way_.news(distance));
  }

 private:
  static std::vector<std::size_t> laid_out(const std::vector<std::size_t>& bytes,
                                           const Dissemination& way) {
    std::vector<std::size_t> begins{0};
    begins.reserve(bytes.size() + 1);
    for (int number = 0; number < way.size(); ++number)
      begins.push_back(begins.back() + bytes[static_cast<std::size_t>(way.rank_of(number))]);
    return begins;
  }

  Contributions(Channel& channel, std::size_t bytes)
      : way_(channel.rank(), channel.size()),
        bytes_(bytes),
        memory_(channel.scratch(bytes * static_cast<std::size_t>(channel.size()))) {}

  std::size_t begin_of(int number) const {
    const auto place = static_cast<std::size_t>(number);
    return begins_.empty() ? place * bytes_ : begins_[place];
  }
  std::span<std::byte> range(int begin, int end) {
    const std::size_t first = begin_of(begin);
    return memory_.bytes().subspan(first, begin_of(end) - first);
  }

  Dissemination way_;
  std::size_t bytes_ = 0;            // of each, where all are equally long:
  std::vector<std::size_t> begins_;  // there, none; else by number, the last is the end
  Scratch memory_;
};

}  // namespace rondo::comm::algorithms
