// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rondo::apps {

/// The least number of inserted, deleted, replaced or swapped neighbouring characters that make
/// `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The name that somebody who typed `typed` probably meant; empty if none is close.
std::string nearest_name(std::string_view typed, std::span<const std::string> names);

}  // namespace rondo::apps
