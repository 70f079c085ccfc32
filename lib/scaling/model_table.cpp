// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/scaling/model_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <unordered_set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"

#include "scaling/shipped_models.hpp"

namespace rondo::scaling {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Takes the first word off `line`.
std::string_view take_word(std::string_view& line) {
  const auto end = std::min(line.find_first_of(blanks), line.size());
  const auto word = line.substr(0, end);
  line = trimmed(line.substr(end));
  return word;
}

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Reads line by line; knows where it is.
class Parser {
 public:
  explicit Parser(const std::string& file) : file_(file) {}

  ModelTable parse(std::string_view text) {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      ++line_;
      read(trimmed(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    check_whole();
    return std::move(table_);
  }

 private:
  [[noreturn]] void refuse(const std::string& problem) const {
    throw IoError(ExitCode::bad_content, fmt::format("{}:{}: {}", file_, line_, problem));
  }

  void read(std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    const auto word = take_word(line);
    if (table_.rows.empty() && read_head(word, line)) return;
    read_row(word, line);
  }

  /// False if the line is none of the head's.
  bool read_head(std::string_view word, std::string_view rest) {
    if (word == "model") return set(table_.name, rest);
    if (word == "sample") return set(table_.sample, rest);
    if (word == "source") {
      if (!table_.source.empty()) table_.source += ' ';
      table_.source += rest;
      return true;
    }
    if (word != "parameters") return false;
    promised_ = number_in<std::size_t>(rest);
    if (!promised_) refuse(fmt::format("parameters is '{}', expected a whole number", rest));
    return true;
  }

  bool set(std::string& field, std::string_view value) const {
    if (!field.empty()) refuse("said twice");
    if (value.empty()) refuse("says nothing");
    field = value;
    return true;
  }

  void read_row(std::string_view name, std::string_view rest) {
    const auto elements_text = take_word(rest);
    const auto flops_text = take_word(rest);
    if (flops_text.empty() || !rest.empty())
      refuse(
          "expected a line 'PARAMETER ELEMENTS FORWARD_FLOPS', or 'model NAME', 'sample TEXT', "
          "'source TEXT' or 'parameters COUNT' before all of those");
    const auto elements = number_in<std::size_t>(elements_text);
    if (!elements || *elements > most_elements)
      refuse(fmt::format("'{}' elements of {}: expected a whole number up to {}", elements_text,
                         name, most_elements));
    const auto flops = number_in<double>(flops_text);
    if (!flops || !std::isfinite(*flops) || *flops < 0)
      refuse(fmt::format("'{}' flops of {}: expected a number of at least 0", flops_text, name));
    if (!names_.emplace(name).second) refuse(fmt::format("{} is there twice", name));
    table_.rows.push_back({std::string(name), *elements, *flops});
  }

  void check_whole() const {
    if (table_.name.empty()) refuse("the table ends without a line 'model NAME'");
    const std::size_t found = table_.parameters();
    if (found == 0) refuse("the table ends without any parameter");
    if (promised_ && *promised_ != found)
      refuse(fmt::format("the parameters add up to {}, but the head says {}", found, *promised_));
  }

  static constexpr std::size_t most_elements = std::size_t{1} << 40;

  const std::string& file_;
  std::size_t line_ = 0;
  ModelTable table_;
  std::optional<std::size_t> promised_;
  std::unordered_set<std::string> names_;
};

std::string content_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream.is_open() || std::filesystem::is_directory(file))
    throw IoError(ExitCode::missing_input,
                  fmt::format("{}: no file that can be read, and no model of this library: those "
                              "are {}",
                              file, fmt::join(shipped_models(), ", ")));
  constexpr std::size_t most_bytes = std::size_t{16} << 20;
  std::string content(most_bytes + 1, '\0');
  stream.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(stream.gcount()));
  if (content.size() > most_bytes)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: is longer than a model table's {} bytes", file, most_bytes));
  return content;
}

}  // namespace

std::size_t ModelTable::parameters() const {
  std::size_t sum = 0;
  for (const ModelRow& row : rows)
    sum += row.elements;
  return sum;
}

double ModelTable::forward_flops() const {
  double sum = 0;
  for (const ModelRow& row : rows)
    sum += row.forward_flops;
  return sum;
}

std::vector<std::string_view> shipped_models() {
  std::vector<std::string_view> names;
  for (const ShippedModel& model : shipped_model_texts())
    names.push_back(model.name);
  return names;
}

ModelTable load_model_table(const std::string& name) {
  for (const ShippedModel& model : shipped_model_texts()) {
    if (model.name == name) return parse_model_table(model.text, name);
  }
  return parse_model_table(content_of(name), name);
}

ModelTable parse_model_table(std::string_view text, const std::string& file) {
  return Parser(file).parse(text);
}

}  // namespace rondo::scaling
