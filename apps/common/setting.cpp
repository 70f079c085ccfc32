// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "common/setting.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/job/wall_time.hpp"

namespace rondo::apps {
namespace {

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "0" || text == "no" || text == "off") return false;
  return std::nullopt;
}

/// The factor of a unit of bytes, as GNU's dd understands it.
std::optional<std::uint64_t> unit_factor(std::string_view unit) {
  if (unit.empty() || unit == "B") return 1;
  const std::size_t power = std::string_view("KMGT").find(unit[0] == 'k' ? 'K' : unit[0]);
  if (power == std::string_view::npos) return std::nullopt;
  const std::string_view suffix = unit.substr(1);
  const bool binary = suffix.empty() || suffix == "iB";
  if (!binary && suffix != "B") return std::nullopt;
  std::uint64_t factor = 1;
  for (std::size_t i = 0; i <= power; ++i)
    factor *= binary ? 1024 : 1000;
  return factor;
}

std::optional<std::size_t> parse_bytes(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = detail::parse_number<std::uint64_t>(text.substr(0, digits));
  const auto factor = unit_factor(text.substr(digits));
  if (!count || !factor || *count > UINT64_MAX / *factor) return std::nullopt;
  return *count * *factor;
}

}  // namespace

namespace detail {

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end || text.empty()) return std::nullopt;
  return value;
}

template <class T>
std::string number_text(T value) {
  return fmt::format("{}", value);
}

#define RONDO_NUMBER_TYPE(T)                                        \
  template std::optional<T> parse_number<T>(std::string_view text); \
  template std::string number_text<T>(T value);
RONDO_NUMBER_TYPE(int)
RONDO_NUMBER_TYPE(unsigned)
RONDO_NUMBER_TYPE(long)
RONDO_NUMBER_TYPE(unsigned long)
RONDO_NUMBER_TYPE(float)
RONDO_NUMBER_TYPE(double)
#undef RONDO_NUMBER_TYPE

}  // namespace detail

Setting::Setting(std::string name, std::string group, std::string help)
    : name_(std::move(name)), group_(std::move(group)), help_(std::move(help)) {}

Setting& Setting::required() {
  required_ = true;
  return *this;
}

Setting& Setting::at_least(double least) {
  return between(least, most_);
}

Setting& Setting::between(double least, double most) {
  least_ = least;
  most_ = most;
  return *this;
}

Setting& Setting::one_of(std::vector<std::string> choices) {
  choices_ = std::move(choices);
  return *this;
}

std::string Setting::expectation() const {
  if (!choices_.empty()) return fmt::format("one of {}", fmt::join(choices_, ", "));
  if (std::isfinite(least_) && std::isfinite(most_))
    return fmt::format("{} from {} to {}", noun_, least_, most_);
  if (std::isfinite(least_)) return fmt::format("{}, at least {}", noun_, least_);
  return noun_;
}

std::string Setting::placeholder() const {
  return choices_.empty() ? placeholder_ : fmt::format("{}", fmt::join(choices_, "|"));
}

bool Setting::assign(const std::string& text) {
  const bool listed = std::find(choices_.begin(), choices_.end(), text) != choices_.end();
  return (choices_.empty() || listed) && assign_(text);
}

void Setting::bind(std::string& target) {
  noun_ = "a text";
  placeholder_ = "TEXT";
  assign_ = [&target](const std::string& text) {
    target = text;
    return true;
  };
  print_ = [&target] { return target; };
}

void Setting::bind(std::filesystem::path& target) {
  noun_ = "a path";
  placeholder_ = "PATH";
  assign_ = [&target](const std::string& text) {
    target = text;
    return !text.empty();
  };
  print_ = [&target] { return target.string(); };
}

void Setting::bind(bool& target) {
  kind_ = Kind::boolean;
  noun_ = "true or false";
  assign_ = [&target](const std::string& text) {
    const std::optional<bool> value = parse_boolean(text);
    if (value) target = *value;
    return value.has_value();
  };
  print_ = [&target] { return target ? "true" : "false"; };
}

void Setting::bind_bytes(std::size_t& target) {
  kind_ = Kind::number;
  noun_ = "a number of bytes, such as 65536 or 64KiB";
  placeholder_ = "BYTES";
  assign_ = [this, &target](const std::string& text) {
    const std::optional<std::size_t> bytes = parse_bytes(text);
    const bool accepted = bytes && in_range(static_cast<double>(*bytes));
    if (accepted) target = *bytes;
    return accepted;
  };
  print_ = [&target] { return fmt::format("{}", target); };
}

void Setting::bind_bytes(std::optional<std::size_t>& target) {
  const auto inner = std::make_shared<std::size_t>();
  bind_bytes(*inner);
  assign_ = [assign_inner = std::move(assign_), inner, &target](const std::string& text) {
    const bool accepted = assign_inner(text);
    if (accepted) target = *inner;
    return accepted;
  };
  print_ = [&target]() -> std::optional<std::string> {
    if (!target) return std::nullopt;
    return fmt::format("{}", *target);
  };
}

void Setting::bind_duration(std::optional<std::chrono::seconds>& target) {
  noun_ = "a time, such as 90s or 1h30m";
  placeholder_ = "TIME";
  assign_ = [this, &target](const std::string& text) {
    const auto duration = job::parse_duration(text);
    const bool accepted = duration && in_range(static_cast<double>(duration->count()));
    if (accepted) target = duration;
    return accepted;
  };
  print_ = [&target]() -> std::optional<std::string> {
    if (!target) return std::nullopt;
    return fmt::format("{}s", target->count());
  };
}

void Setting::bind_or_auto(std::optional<std::size_t>& target) {
  noun_ = "auto or a whole number";
  placeholder_ = "auto|INT";
  assign_ = [this, &target](const std::string& text) {
    const auto number = detail::parse_number<std::size_t>(text);
    const bool accepted = text == "auto" || (number && in_range(static_cast<double>(*number)));
    if (accepted) target = number;
    return accepted;
  };
  print_ = [&target] { return target ? fmt::format("{}", *target) : "auto"; };
}

}  // namespace rondo::apps
