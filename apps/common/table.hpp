// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace rondo::apps {

using TableRow = std::pair<std::string, std::string>;

/// Rows of `key  value` with the values aligned, a line each, and printable.
std::string key_value_table(const std::vector<TableRow>& rows);

}  // namespace rondo::apps
