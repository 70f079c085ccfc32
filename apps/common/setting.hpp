// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::apps {

/// One option of a program, bound to a variable. Made by Options::add.
class Setting {
 public:
  enum class Kind { text, number, boolean };

  Setting(std::string name, std::string group, std::string help);
  Setting(const Setting&) = delete;  // the bindings refer to this object
  Setting& operator=(const Setting&) = delete;

  /// The program cannot run without a value.
  Setting& required();
  /// Numbers only: the least and the greatest value that is accepted.
  Setting& at_least(double least);
  Setting& between(double least, double most);
  /// Texts only: the values that are accepted.
  Setting& one_of(std::vector<std::string> choices);

  const std::string& name() const noexcept { return name_; }
  const std::string& group() const noexcept { return group_; }
  const std::string& help() const noexcept { return help_; }
  Kind kind() const noexcept { return kind_; }
  bool is_required() const noexcept { return required_; }
  /// What a value must be, for messages: `a whole number, at least 1`.
  std::string expectation() const;
  /// The same for the help's first column: `INT`, `TEXT`, `f32|bf16`.
  std::string placeholder() const;

  /// The present value as text; none where an optional is unset. `assign` of it changes nothing.
  std::optional<std::string> value() const { return print_(); }
  /// Gives the variable the value of `text`; false if that is not an acceptable value.
  [[nodiscard]] bool assign(const std::string& text);

  void bind(std::string& target);
  void bind(std::filesystem::path& target);
  void bind(bool& target);
  void bind(std::floating_point auto& target);
  void bind(std::integral auto& target);
  template <class T>
  void bind(std::optional<T>& target);
  template <class Enum>
  void bind(Enum& target, std::vector<std::pair<std::string, Enum>> choices);
  /// A number of bytes: `65536`, `64K`, `64KiB`, `1GiB` (powers of 1024), `64kB` (of 1000).
  void bind_bytes(std::size_t& target);
  void bind_bytes(std::optional<std::size_t>& target);
  /// A time: `90` (seconds), `90s`, `1h30m`, `2d`.
  void bind_duration(std::optional<std::chrono::seconds>& target);
  /// A number, or `auto`, which leaves the target empty.
  void bind_or_auto(std::optional<std::size_t>& target);

 private:
  template <class T>
  void bind_number(T& target, std::string noun, std::string placeholder);
  bool in_range(double value) const { return value >= least_ && value <= most_; }

  std::string name_;
  std::string group_;
  std::string help_;
  std::string noun_;         // what a value is, for messages
  std::string placeholder_;  // the same for the help
  Kind kind_ = Kind::text;
  bool required_ = false;
  double least_ = -std::numeric_limits<double>::infinity();
  double most_ = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices_;
  std::function<bool(const std::string&)> assign_;
  std::function<std::optional<std::string>()> print_;
};

/// An argument without a name: one path, or all that are left (`many`).
struct Positional {
  std::string name;
  std::string help;
  std::filesystem::path* one = nullptr;
  std::vector<std::filesystem::path>* many = nullptr;
};

namespace detail {
/// The whole of `text` as a number of type T, or nothing.
template <class T>
std::optional<T> parse_number(std::string_view text);
/// The shortest text that parse_number<T> turns back into `value`.
template <class T>
std::string number_text(T value);
}  // namespace detail

template <class T>
void Setting::bind_number(T& target, std::string noun, std::string placeholder) {
  kind_ = Kind::number;
  noun_ = std::move(noun);
  placeholder_ = std::move(placeholder);
  assign_ = [this, &target](const std::string& text) {
    const std::optional<T> value = detail::parse_number<T>(text);
    const bool accepted = value && in_range(static_cast<double>(*value));
    if (accepted) target = *value;
    return accepted;
  };
  print_ = [&target] { return detail::number_text(target); };
}

void Setting::bind(std::floating_point auto& target) {
  bind_number(target, "a number", "NUMBER");
}
void Setting::bind(std::integral auto& target) {
  bind_number(target, "a whole number", "INT");
}

template <class T>
void Setting::bind(std::optional<T>& target) {
  // The inner binding writes to a value of its own, which becomes the optional's once assigned.
  const auto inner = std::make_shared<T>();
  bind(*inner);
  assign_ = [assign_inner = std::move(assign_), inner, &target](const std::string& text) {
    const bool accepted = assign_inner(text);
    if (accepted) target = *inner;
    return accepted;
  };
  print_ = [print_inner = std::move(print_), inner, &target]() -> std::optional<std::string> {
    if (!target) return std::nullopt;
    *inner = *target;
    return print_inner();
  };
}

template <class Enum>
void Setting::bind(Enum& target, std::vector<std::pair<std::string, Enum>> choices) {
  for (const auto& choice : choices)
    choices_.push_back(choice.first);
  print_ = [&target, choices]() -> std::optional<std::string> {
    for (const auto& [name, value] : choices)
      if (value == target) return name;
    return std::nullopt;
  };
  assign_ = [&target, choices = std::move(choices)](const std::string& text) {
    for (const auto& [name, value] : choices)
      if (name == text) target = value;
    return true;  // assign() has looked at the choices
  };
}

}  // namespace rondo::apps
