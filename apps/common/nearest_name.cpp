// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "common/nearest_name.hpp"

#include <algorithm>
#include <vector>

namespace rondo::apps {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // rows[i][j] is the distance between the first i characters of a and the first j of b.
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    rows[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j)
    rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      rows[i][j] = std::min({replaced, rows[i - 1][j] + 1, rows[i][j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

std::string nearest_name(std::string_view typed, std::span<const std::string> names) {
  std::string nearest;
  std::size_t least = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const std::string& name : names) {
    const std::size_t distance = edit_distance(typed, name);
    if (distance < std::min(least, name.size())) {
      least = distance;
      nearest = name;
    }
  }
  if (!nearest.empty() || typed.size() < 3) return nearest;
  const auto begins = [&](const std::string& name) { return name.starts_with(typed); };
  const auto found = std::find_if(names.begin(), names.end(), begins);
  return found != names.end() ? *found : std::string();
}

}  // namespace rondo::apps
