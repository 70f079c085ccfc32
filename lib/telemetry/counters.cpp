// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/counters.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace rondo::telemetry {

void Counters::add(std::string_view name, double seconds, std::uint64_t count) {
  const std::scoped_lock lock(mutex_);
  const auto has_name = [&](const Entry& entry) { return entry.name == name; };
  auto entry = std::find_if(entries_.begin(), entries_.end(), has_name);
  if (entry == entries_.end()) entry = entries_.insert(entry, {.name = std::string(name)});
  entry->count += count;
  entry->seconds += seconds;
}

std::vector<Counters::Entry> Counters::entries() const {
  const std::scoped_lock lock(mutex_);
  return entries_;
}

std::string Counters::table() const {
  std::string text;
  for (const Entry& entry : entries()) {
    const double each = entry.count > 0 ? entry.seconds / static_cast<double>(entry.count) : 0;
    text += fmt::format("{:<24} {:>10} times {:>10.3f} s {:>12.1f} us each\n", entry.name,
                        entry.count, entry.seconds, 1e6 * each);
  }
  return text;
}

}  // namespace rondo::telemetry
