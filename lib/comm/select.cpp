// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/select.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "comm/one_shot_call.hpp"

namespace rondo::comm {
namespace {

std::string plural(int count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// "64 MiB", "1000 bytes": whole numbers only.
std::string size_text(std::size_t bytes) {
  constexpr std::array units = {"KiB", "MiB", "GiB"};
  std::size_t unit = 0;
  while (unit < units.size() && bytes >= 1024 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{} {}", bytes, units[unit - 1]);
}

std::string range_text(CountRange range, std::string_view noun) {
  if (range.least == range.most) return plural(range.least, noun);
  if (range.most == std::numeric_limits<int>::max())
    return fmt::format("{} or more {}s", range.least, noun);
  return fmt::format("{} to {} {}s", range.least, range.most, noun);
}

std::string conditions_text(const TuningRule& rule, std::size_t one_shot_bytes) {
  std::string text;
  const auto add = [&](const std::string& condition) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", condition);
  };
  if (rule.nodes != CountRange{}) add(range_text(rule.nodes, "node"));
  if (rule.ranks != CountRange{}) add(range_text(rule.ranks, "rank"));
  if (rule.dtype) add(std::string(name_of(*rule.dtype)));
  if (rule.max_bytes != std::numeric_limits<std::size_t>::max())
    add(fmt::format("up to {}", size_text(rule.max_bytes)));
  if (rule.algorithm == Algorithm::one_shot)
    add(fmt::format("inputs of {} together at most", size_text(one_shot_bytes)));
  return text.empty() ? "any other call" : text;
}

bool reduces(Collective collective) {
  return collective == Collective::allreduce || collective == Collective::reduce_scatter;
}

std::string call_text(const Call& call) {
  std::string text(name_of(call.collective));
  if (reduces(call.collective)) text += fmt::format(" {}", name_of(call.dtype));
  if (call.collective != Collective::barrier) text += fmt::format(" {}", size_text(bytes_of(call)));
  return text;
}

std::string place_text(const Place& place) {
  return fmt::format("{} on {}", plural(place.size, "rank"), plural(place.nodes, "node"));
}

}  // namespace

Selector::Selector(std::shared_ptr<const Tuning> tuning, const Place& place)
    : tuning_(tuning ? std::move(tuning) : std::make_shared<const Tuning>()), place_(place) {
  for (std::size_t kind = 0; kind < menus_.size(); ++kind) {
    const auto collective = static_cast<Collective>(kind);
    for (const Algorithm algorithm : algorithms_of(collective)) {
      if (fits(algorithm, collective, place)) menus_.at(kind).fitting.push_back(algorithm);
    }
  }
  add_candidates(tuning_->rules, Choice::Reason::measured_rule);
  add_candidates(built_in_rules(), Choice::Reason::built_in_rule);
}

void Selector::add_candidates(std::span<const TuningRule> rules, Choice::Reason reason) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const TuningRule& rule = rules[i];
    if (!rule.ranks.contains(place_.size) || !rule.nodes.contains(place_.nodes)) continue;
    if (!fits(rule.algorithm, rule.collective, place_)) continue;
    menus_.at(static_cast<std::size_t>(rule.collective))
        .candidates.push_back({&rule, {rule.algorithm, reason, i}});
  }
}

void Selector::require_fitting(const Call& call) const {
  const auto& fitting = menu_of(call.collective).fitting;
  if (std::ranges::find(fitting, call.options.algorithm) != fitting.end()) return;
  std::string names;
  for (const Algorithm algorithm : fitting)
    names += fmt::format("{}, ", name_of(algorithm));
  throw UsageError(fmt::format("{} cannot go by {} with {}: choose {}auto",
                               name_of(call.collective), name_of(call.options.algorithm),
                               place_text(place_), names));
}

Choice Selector::choose(const Call& call) const {
  const bool requested = call.options.algorithm != Algorithm::automatic;
  if (requested) require_fitting(call);
  const Menu& menu = menu_of(call.collective);
  if (place_.size == 1) return {menu.fitting.front(), Choice::Reason::one_rank};
  if (requested) return {call.options.algorithm, Choice::Reason::requested};
  const std::size_t bytes = bytes_of(call);
  const bool is_short = shown_bytes(call, place_.size) <= tuning_->transport.one_shot_bytes;
  for (const auto& [rule, choice] : menu.candidates) {
    if (rule->algorithm == Algorithm::one_shot && !is_short) continue;
    if (bytes <= rule->max_bytes && (!rule->dtype || *rule->dtype == call.dtype)) return choice;
  }
  return {menu.fitting.front(), Choice::Reason::only_one};
}

std::string Selector::explain(const Call& call) const {
  const Choice choice = choose(call);
  return fmt::format("{}, {}: {} ({})", call_text(call), place_text(place_),
                     name_of(choice.algorithm), describe(choice));
}

std::string Selector::describe(const Choice& choice) const {
  switch (choice.reason) {
    case Choice::Reason::requested: return "as the call asks";
    case Choice::Reason::one_rank: return "nothing to exchange";
    case Choice::Reason::measured_rule:
      return fmt::format(
          "rule {} of {}: {}", choice.rule + 1, tuning_->origin,
          conditions_text(tuning_->rules[choice.rule], tuning_->transport.one_shot_bytes));
    case Choice::Reason::built_in_rule:
      return fmt::format(
          "rule {} of the built-in table: {}", choice.rule + 1,
          conditions_text(built_in_rules()[choice.rule], tuning_->transport.one_shot_bytes));
    case Choice::Reason::only_one: return "no rule holds";
  }
  return "?";
}

}  // namespace rondo::comm
