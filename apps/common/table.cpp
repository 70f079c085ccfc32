// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "common/table.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "rondo/base/printable.hpp"

namespace rondo::apps {

std::string key_value_table(const std::vector<TableRow>& rows) {
  std::size_t key_width = 0;
  for (const TableRow& row : rows)
    key_width = std::max(key_width, printable(row.first).size());
  std::string text;
  for (const TableRow& row : rows)
    text += fmt::format("{:<{}}  {}\n", printable(row.first), key_width, printable(row.second));
  return text;
}

}  // namespace rondo::apps
