// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "optim/checks.hpp"

#include <cmath>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::optim {

void require_equal_lengths(const UpdateRange& range, std::size_t slots) {
  if (range.slots.size() != slots)
    throw UsageError(fmt::format(
        "the update range has {} optimizer slots, the optimizer needs {}: lay them out by "
        "slot_names()",
        range.slots.size(), slots));
  const std::size_t count = range.value.size();
  if (range.grad.size() != count)
    throw UsageError(
        fmt::format("the update range has {} values but {} gradients", count, range.grad.size()));
  if (!range.copy.empty() && range.copy.size() != count)
    throw UsageError(
        fmt::format("the update range has {} values but a copy of {}", count, range.copy.size()));
  for (const auto& slot : range.slots)
    if (slot.size() != count)
      throw UsageError(
          fmt::format("the update range has {} values but a slot of {}", count, slot.size()));
}

void require_below(float value, float limit, std::string_view what) {
  if (!(value >= 0.0F && value < limit))
    throw ConfigError(fmt::format("{} must be in [0, {}), found {}", what, limit, value));
}

void require_non_negative(float value, std::string_view what) {
  if (!(value >= 0.0F && std::isfinite(value)))
    throw ConfigError(fmt::format("{} must be finite and at least 0, found {}", what, value));
}

}  // namespace rondo::optim
