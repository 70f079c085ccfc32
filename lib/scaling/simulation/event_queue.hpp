// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rondo::scaling {

/// What happens at a time of the virtual clock.
struct Event {
  enum class Kind : std::uint8_t {
    hop,      ///< message `subject` has come to the next port of its route
    arrival,  ///< message `subject` is there
    wake      ///< rank `subject` goes on
  };
  double time = 0;
  Kind kind = Kind::wake;
  std::uint32_t subject = 0;
};

/// Events in the order of their times; equal times in the order in which they were added. A heap of
/// four children a node, which has half the levels of a binary one.
class EventQueue {
 public:
  bool empty() const noexcept { return entries_.empty(); }
  /// How many were taken.
  std::uint64_t taken() const noexcept { return taken_; }

  void add(Event event) {
    std::size_t hole = entries_.size();
    entries_.emplace_back();
    const Entry entry{event.time, added_++, event.subject, event.kind};
    while (hole > 0) {
      const std::size_t parent = (hole - 1) / fan;
      if (!entry.before(entries_[parent])) break;
      entries_[hole] = entries_[parent];
      hole = parent;
    }
    entries_[hole] = entry;
  }

  /// The earliest one. Not empty.
  Event take() {
    ++taken_;
    const Entry first = entries_.front();
    const Entry last = entries_.back();
    entries_.pop_back();
    if (!entries_.empty()) sink(last);
    return {first.time, first.kind, first.subject};
  }

 private:
  struct Entry {
    double time = 0;
    std::uint64_t number = 0;
    std::uint32_t subject = 0;
    Event::Kind kind = Event::Kind::wake;

    bool before(const Entry& other) const noexcept {
      return time < other.time || (time == other.time && number < other.number);
    }
  };
  static constexpr std::size_t fan = 4;

  /// Puts `entry` where the first one was.
  void sink(const Entry& entry) {
    const std::size_t count = entries_.size();
    std::size_t hole = 0;
    for (std::size_t child = 1; child < count; child = fan * hole + 1) {
      std::size_t least = child;
      const std::size_t end = child + fan < count ? child + fan : count;
      for (std::size_t other = child + 1; other < end; ++other) {
        if (entries_[other].before(entries_[least])) least = other;
      }
      if (!entries_[least].before(entry)) break;
      entries_[hole] = entries_[least];
      hole = least;
    }
    entries_[hole] = entry;
  }

  std::vector<Entry> entries_;
  std::uint64_t added_ = 0;
  std::uint64_t taken_ = 0;
};

}  // namespace rondo::scaling
