// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/ledger.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"

namespace rondo::data {
namespace {

constexpr std::size_t most_epochs = std::size_t{1} << 20;

std::string span_text(std::size_t first, std::size_t last) {
  return first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
}

std::string text_of(const Ledger::Entry& entry) {
  std::vector<std::string> positions;
  for (const auto& [begin, end] : entry.ranges)
    positions.push_back(span_text(begin, end - 1));
  return fmt::format("{} {} {}", span_text(entry.first_epoch, entry.last_epoch),
                     span_text(entry.first_lane, entry.last_lane), fmt::join(positions, ","));
}

/// The parts between separators, one more than there are separators.
std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + separator.size());
  }
}

std::optional<std::size_t> number_in(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // One less than the greatest, as the end of a range lies one behind its last.
  if (error != std::errc{} || end != text.data() + text.size() || number + 1 == 0)
    return std::nullopt;
  return number;
}

/// `FIRST-LAST` or `FIRST` as [FIRST, LAST + 1).
std::optional<Ledger::Range> range_in(std::string_view text) {
  const auto parts = split(text, "-");
  const auto first = number_in(parts.front());
  const auto last = number_in(parts.back());
  if (parts.size() > 2 || !first || !last || *last < *first) return std::nullopt;
  return Ledger::Range{*first, *last + 1};
}

std::optional<Ledger::Entry> entry_in(std::string_view text) {
  const auto parts = split(text, " ");
  if (parts.size() != 3) return std::nullopt;
  const auto epochs = range_in(parts[0]);
  const auto lanes = range_in(parts[1]);
  if (!epochs || !lanes || epochs->end > most_epochs) return std::nullopt;
  Ledger::Entry entry{epochs->begin, epochs->end - 1, lanes->begin, lanes->end - 1, {}};
  for (const std::string_view positions : split(parts[2], ",")) {
    const auto range = range_in(positions);
    if (!range) return std::nullopt;
    entry.ranges.push_back(*range);
  }
  return entry;
}

void append(std::vector<Ledger::Range>& ranges, Ledger::Range range) {
  if (!ranges.empty() && ranges.back().end == range.begin)
    ranges.back().end = range.end;
  else
    ranges.push_back(range);
}

}  // namespace

void Ledger::add(std::size_t epoch, std::size_t lane, Range range) {
  require(range.begin <= range.end, "Ledger::add: a range ends before it begins");
  if (range.begin == range.end) return;
  Rows& rows = epochs_[epoch];
  const auto row = isolate(rows, lane);
  append(row->ranges, range);
  join_neighbours(rows, row);
}

void Ledger::add(const Ledger& later) {
  for (const auto& [epoch, rows] : later.epochs_)
    for (const Lanes& row : rows)
      for (std::size_t lane = row.first; lane <= row.last; ++lane)
        for (const Range& range : row.ranges)
          add(epoch, lane, range);
}

std::vector<Ledger::Entry> Ledger::entries() const {
  std::vector<Entry> entries;
  for (auto epoch = epochs_.begin(); epoch != epochs_.end();) {
    auto last = epoch;
    for (auto next = std::next(epoch);
         next != epochs_.end() && next->second == epoch->second && next->first == last->first + 1;
         ++next)
      last = next;
    for (const Lanes& row : epoch->second)
      entries.push_back({epoch->first, last->first, row.first, row.last, row.ranges});
    epoch = std::next(last);
  }
  return entries;
}

std::string Ledger::text() const {
  std::vector<std::string> texts;
  for (const Entry& entry : entries())
    texts.push_back(text_of(entry));
  return fmt::format("{}", fmt::join(texts, "; "));
}

Ledger Ledger::parse(std::string_view text) {
  Ledger ledger;
  if (text.empty()) return ledger;
  for (const std::string_view part : split(text, "; ")) {
    const auto entry = entry_in(part);
    if (!entry)
      throw IoError(
          ExitCode::bad_content,
          fmt::format("a ledger must hold entries such as '0-2 0-7 0-74', found '{:.60}'", part));
    for (std::size_t epoch = entry->first_epoch; epoch <= entry->last_epoch; ++epoch) {
      Rows& rows = ledger.epochs_[epoch];
      if (!rows.empty() && rows.back().last >= entry->first_lane)
        throw IoError(ExitCode::bad_content,
                      fmt::format("a ledger's lanes must ascend, found '{:.60}'", part));
      rows.push_back({entry->first_lane, entry->last_lane, entry->ranges});
    }
  }
  return ledger;
}

Ledger::Rows::iterator Ledger::isolate(Rows& rows, std::size_t lane) {
  auto row = std::find_if(rows.begin(), rows.end(),
                          [lane](const Lanes& lanes) { return lanes.last >= lane; });
  if (row == rows.end() || row->first > lane) return rows.insert(row, {lane, lane, {}});
  if (row->first < lane) {
    row = rows.insert(row, {row->first, lane - 1, row->ranges}) + 1;
    row->first = lane;
  }
  if (row->last > lane) {
    row = rows.insert(row, {lane, lane, row->ranges});
    (row + 1)->first = lane + 1;
  }
  return row;
}

void Ledger::join_neighbours(Rows& rows, Rows::iterator row) {
  const auto are_one = [](const Lanes& a, const Lanes& b) {
    return a.last + 1 == b.first && a.ranges == b.ranges;
  };
  if (row + 1 != rows.end() && are_one(*row, *(row + 1))) {
    row->last = (row + 1)->last;
    rows.erase(row + 1);
  }
  if (row != rows.begin() && are_one(*(row - 1), *row)) {
    (row - 1)->last = row->last;
    rows.erase(row);
  }
}

}  // namespace rondo::data
