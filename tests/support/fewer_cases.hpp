// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <ranges>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

/// Fewer of a matrix' cases where each is slow. A sanitizer looks for faults in paths through the
/// code, and which path is taken hardly ever takes more than two factors to decide; that every
/// combination has the right bits is proved by the builds without one, which run all cases.
namespace rondo::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

/// What a choice of cases keeps of all of them.
enum class Keep {
  values,  ///< each value of each factor in a case at least
  pairs    ///< each two values of two factors that are in one case, in one case at least
};

namespace detail {

/// For each case, the number of its value by factor.
using Values = std::vector<std::vector<std::size_t>>;

template <class Case, class Factor>
void add_factor(Values& values, const std::vector<Case>& cases, Factor factor) {
  for (std::size_t c = 0; c < cases.size(); ++c) {
    const auto first = std::ranges::find_if(cases, [&](const Case& other) {
      return std::invoke(factor, other) == std::invoke(factor, cases[c]);
    });
    values[c].push_back(static_cast<std::size_t>(first - cases.begin()));
  }
}

/// What the case has of what is to be kept.
inline std::set<std::array<std::size_t, 4>> parts_of(const std::vector<std::size_t>& values,
                                                     Keep keep) {
  std::set<std::array<std::size_t, 4>> parts;
  for (std::size_t a = 0; a < values.size(); ++a) {
    if (keep == Keep::values || values.size() == 1) parts.insert({a, values[a]});
    for (std::size_t b = a + 1; b < values.size() && keep == Keep::pairs; ++b)
      parts.insert({a, values[a], b, values[b]});
  }
  return parts;
}

/// The cases' numbers, ascending: always the one that has most of what is not yet kept.
inline std::set<std::size_t> choose(const Values& values, Keep keep) {
  std::vector<std::set<std::array<std::size_t, 4>>> lacking;
  for (const auto& of_case : values)
    lacking.push_back(parts_of(of_case, keep));
  std::set<std::size_t> chosen;
  while (true) {
    const auto best = std::ranges::max_element(lacking, {}, [](const auto& l) { return l.size(); });
    if (best == lacking.end() || best->empty()) return chosen;
    chosen.insert(static_cast<std::size_t>(best - lacking.begin()));
    const auto kept = *best;
    for (auto& of_case : lacking)
      std::erase_if(of_case, [&](const auto& part) { return kept.contains(part); });
  }
}

}  // namespace detail

/// A subset of `cases`, in their order, that has what `keep` says; always the same. `factors` are
/// functions from a case, or members
/// of it, to what decides which code runs.
template <class Case, class... Factors>
std::vector<Case> fewer_cases(const std::vector<Case>& cases, Keep keep, Factors... factors) {
  detail::Values values(cases.size());
  (detail::add_factor(values, cases, factors), ...);
  std::vector<Case> fewer;
  for (const std::size_t c : detail::choose(values, keep))
    fewer.push_back(cases[c]);
  return fewer;
}

/// fewer_cases() under a sanitizer, else all.
template <class Case, class... Factors>
std::vector<Case> fewer_if_sanitized(const std::vector<Case>& cases, Keep keep,
                                     Factors... factors) {
  return is_sanitized ? fewer_cases(cases, keep, factors...) : cases;
}

/// Every combination of the factors' values; under a sanitizer, fewer_cases() of them.
template <class... Factors>
auto combinations(Keep keep, const Factors&... values) {
  using Combination = std::tuple<std::ranges::range_value_t<Factors>...>;
  std::vector<Combination> all;
  const auto combine = [&](const auto& self, const auto&... chosen) {
    constexpr std::size_t factor = sizeof...(chosen);
    if constexpr (factor == sizeof...(Factors)) {
      all.emplace_back(chosen...);
    } else {
      for (const auto& value : std::get<factor>(std::tie(values...)))
        self(self, chosen..., value);
    }
  };
  combine(combine);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return fewer_if_sanitized(all, keep, [](const auto& one) { return std::get<I>(one); }...);
  }
  (std::index_sequence_for<Factors...>());
}

}  // namespace rondo::test
