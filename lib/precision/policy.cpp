// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/policy.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"

namespace rondo::precision {
namespace {

constexpr std::array presets{Precision::f32, Precision::bf16, Precision::f16};
constexpr std::array names{rondo::name_of(presets[0]), rondo::name_of(presets[1]),
                           rondo::name_of(presets[2])};

}  // namespace

Policy::Policy(Precision precision)
    : compute(precision), copy(precision == Precision::bf16 ? Precision::bf16 : Precision::f32) {}

std::span<const std::string_view> policy_names() noexcept {
  return names;
}

Policy make_policy(std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end())
    throw ConfigError(
        fmt::format("precision '{}' is not known: choose one of {}", name, fmt::join(names, ", ")));
  return presets[static_cast<std::size_t>(found - names.begin())];
}

void check(const Policy& policy) {
  if (policy.accumulate != Precision::f32)
    throw ConfigError(
        fmt::format("precision: sums cannot be {}, they would lose small gradients: accumulate f32",
                    rondo::name_of(policy.accumulate)));
  if (policy.has_copy() && policy.copy != Precision::bf16)
    throw ConfigError(
        fmt::format("precision: a copy of the parameters in {} is not supported: choose bf16, or "
                    "f32 for none",
                    rondo::name_of(policy.copy)));
  if (policy.has_copy() && policy.copy != policy.compute)
    throw ConfigError(
        fmt::format("precision: layers that compute in {} do not read a copy of the parameters in "
                    "{}: choose f32 for none",
                    rondo::name_of(policy.compute), rondo::name_of(policy.copy)));
  if (policy.rounding == Rounding::stochastic && !policy.has_copy())
    throw ConfigError(
        fmt::format("precision {}: stochastic rounding needs a copy of the parameters to round, "
                    "which only bf16 has: choose rounding nearest or precision bf16",
                    rondo::name_of(policy.compute)));
}

}  // namespace rondo::precision
