// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "optim/checks.hpp"

#include <cmath>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::optim {
namespace {

void require_length(std::size_t found, std::size_t expected, std::string_view what) {
  if (found != expected)
    throw UsageError(fmt::format("the update range has {} {}, expected {}", found, what, expected));
}

}  // namespace

void require_valid(const Optimizer& rule, const UpdateRange& range, const StepContext& context) {
  require(context.step >= 1, "optimizer steps count from 1");
  const std::size_t count = range.value.size();
  const bool whole = rule.scope() == Scope::parameter;
  if (whole && (range.shape == nullptr || element_count(*range.shape) != count))
    throw UsageError(
        fmt::format("{} updates whole parameters only: the range needs a shape of its {} elements",
                    rule.name(), count));
  require_length(range.grad.size(), count, "gradients");
  if (!range.copy.empty()) require_length(range.copy.size(), count, "elements of the copy");
  const auto names = rule.slot_names();
  require_length(range.slots.size(), names.size(), "optimizer slots");
  for (std::size_t k = 0; k < names.size(); ++k)
    require_length(range.slots[k].size(),
                   whole ? element_count(rule.slot_shape(k, *range.shape)) : count, names[k]);
}

void require_below(float value, float limit, std::string_view what) {
  if (!(value >= 0.0F && value < limit))
    throw ConfigError(fmt::format("{} must be in [0, {}), found {}", what, limit, value));
}

void require_non_negative(float value, std::string_view what) {
  if (!(value >= 0.0F && std::isfinite(value)))
    throw ConfigError(fmt::format("{} must be finite and at least 0, found {}", what, value));
}

void require_positive(float value, std::string_view what) {
  if (!(value > 0.0F && std::isfinite(value)))
    throw ConfigError(fmt::format("{} must be above 0 and finite, found {}", what, value));
}

}  // namespace rondo::optim
