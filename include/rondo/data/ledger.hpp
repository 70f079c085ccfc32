// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::data {

/// What a run has used: stretches of the lanes' sequences, epoch by epoch, in the order of use.
///
/// Says what happened and judges nothing: what is used twice stands there twice. Lanes that have
/// used the same, and epochs in which all have, take one entry together; so a run that uses each
/// lane's sequence from begin to end needs a handful of entries, however long it is.
class Ledger {
 public:
  /// Positions [begin, end) of a lane's sequence.
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool operator==(const Range&) const = default;
  };

  /// What each of the lanes first_lane to last_lane used in each of the epochs.
  struct Entry {
    std::size_t first_epoch = 0, last_epoch = 0;
    std::size_t first_lane = 0, last_lane = 0;
    std::vector<Range> ranges;
    bool operator==(const Entry&) const = default;
  };

  /// A range that goes on where the lane's last one ends prolongs it; an empty one changes nothing.
  void add(std::size_t epoch, std::size_t lane, Range range);
  /// All that `later` holds, behind what is here.
  void add(const Ledger& later);

  /// By epoch, then by lane.
  std::vector<Entry> entries() const;

  /// The entries as `EPOCHS LANES POSITIONS[,POSITIONS]...; ...`, each `FIRST-LAST` or `FIRST`:
  /// "0-2 0-7 0-74; 3 0-7 0-31".
  std::string text() const;
  /// \throws IoError  bad_content: not such a text, or of more than 2^20 epochs
  static Ledger parse(std::string_view text);

 private:
  struct Lanes {
    std::size_t first = 0;
    std::size_t last = 0;
    std::vector<Range> ranges;
    bool operator==(const Lanes&) const = default;
  };
  using Rows = std::vector<Lanes>;

  /// The row of `lane` alone.
  static Rows::iterator isolate(Rows& rows, std::size_t lane);
  static void join_neighbours(Rows& rows, Rows::iterator row);

  std::map<std::size_t, Rows> epochs_;
};

}  // namespace rondo::data
