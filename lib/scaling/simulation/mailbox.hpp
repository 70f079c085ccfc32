// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace rondo::scaling {

inline constexpr std::uint32_t no_number = ~std::uint32_t{0};

/// The messages of one sender with one tag that nobody has asked for yet, or the receives that wait
/// for one: messages and receives belong together in the order of both. A list, first in, first
/// out, of what has a number and a member `next`.
struct Letterbox {
  static constexpr std::uint64_t no_key = ~std::uint64_t{0};
  enum class Holds : std::uint32_t { nothing, messages, receives };

  std::uint64_t key = no_key;
  std::uint32_t first = no_number;
  std::uint32_t last = no_number;
  Holds holds = Holds::nothing;

  /// `things`: where to find them by their numbers.
  template <class Things>
  void put(Holds kind, std::uint32_t number, Things& things) {
    things[number].next = no_number;
    if (holds == Holds::nothing)
      first = number;
    else
      things[last].next = number;
    last = number;
    holds = kind;
  }

  /// Of those that it holds.
  template <class Things>
  std::uint32_t take(const Things& things) {
    const std::uint32_t number = first;
    first = things[number].next;
    if (first == no_number) holds = Holds::nothing;
    return number;
  }
};

/// A rank's letterboxes, by sender and tag: a hash table with open addresses, in one piece of
/// memory since a simulation looks into thousands of them in turn.
class Mailbox {
 public:
  /// Valid until the next call.
  Letterbox& from(int sender, int tag) {
    const auto key = static_cast<std::uint64_t>(sender) << 32 | static_cast<std::uint32_t>(tag);
    if (2 * used_ >= boxes_.size()) grow();
    Letterbox& box = place_of(key);
    if (box.key == Letterbox::no_key) {
      box.key = key;
      ++used_;
    }
    return box;
  }

 private:
  Letterbox& place_of(std::uint64_t key) {
    const std::size_t mask = boxes_.size() - 1;
    std::size_t place = (key * 0x9E3779B97F4A7C15ULL >> 32) & mask;
    while (boxes_[place].key != key && boxes_[place].key != Letterbox::no_key)
      place = (place + 1) & mask;
    return boxes_[place];
  }

  void grow() {
    const std::vector<Letterbox> before = std::move(boxes_);
    boxes_.assign(before.empty() ? 8 : 2 * before.size(), {});
    for (const Letterbox& box : before)
      if (box.key != Letterbox::no_key) place_of(box.key) = box;
  }

  std::vector<Letterbox> boxes_;  // a power of two
  std::size_t used_ = 0;
};

}  // namespace rondo::scaling
