// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "common/config_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::apps {
namespace {

constexpr std::string_view blanks = " \t\r";

/// One line being read; remembers where it is for messages.
class LineReader {
 public:
  LineReader(std::string_view line, std::string place) : rest_(line), place_(std::move(place)) {}

  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size()));
  }
  bool at_end() const { return rest_.empty() || rest_.front() == '#'; }

  std::string key() {
    const std::size_t length = std::min(rest_.find_first_of(" \t\r=#"), rest_.size());
    if (length == 0 || rest_.front() == '[' || rest_.front() == '"')
      fail(fmt::format("expected a line of the form key = value, found '{}'", rest_));
    return take(length);
  }

  void equals_sign() {
    if (rest_.empty() || rest_.front() != '=') fail("expected '=' after the key");
    rest_.remove_prefix(1);
  }

  std::string value() {
    if (at_end()) fail("expected a value after '='");
    if (rest_.front() == '"') return basic_string();
    if (rest_.front() == '\'') return literal_string();
    if (rest_.front() == '[' || rest_.front() == '{') fail("arrays and tables are not understood");
    return take(std::min(rest_.find_first_of(" \t\r#"), rest_.size()));
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw IoError(ExitCode::bad_content, fmt::format("{}: {}", place_, problem));
  }

 private:
  std::string take(std::size_t length) {
    std::string taken(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return taken;
  }

  std::string literal_string() {
    const std::size_t end = rest_.find('\'', 1);
    if (end == std::string_view::npos) fail("the string has no closing quote");
    const std::string text = take(end + 1);
    return text.substr(1, text.size() - 2);
  }

  std::string basic_string() {
    std::string text;
    for (rest_.remove_prefix(1); !rest_.empty() && rest_.front() != '"'; rest_.remove_prefix(1)) {
      if (rest_.front() == '\\' && rest_.size() > 1) {
        rest_.remove_prefix(1);
        text += unescaped(rest_.front());
      } else {
        text += rest_.front();
      }
    }
    if (rest_.empty()) fail("the string has no closing quote");
    rest_.remove_prefix(1);
    return text;
  }

  char unescaped(char letter) const {
    switch (letter) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case '"': return '"';
      case '\\': return '\\';
      default: fail(fmt::format("unknown escape \\{} in a string", letter));
    }
  }

  std::string_view rest_;
  std::string place_;
};

}  // namespace

std::vector<ConfigEntry> read_config_file(const std::filesystem::path& file) {
  std::ifstream input(file);
  const int error = errno;
  if (!input || std::filesystem::is_directory(file))
    throw IoError(ExitCode::missing_input,
                  fmt::format("cannot read the configuration file {}: {}", file.string(),
                              std::generic_category().message(input ? EISDIR : error)));
  std::vector<ConfigEntry> entries;
  std::string line;
  for (int number = 1; std::getline(input, line); ++number) {
    LineReader reader(line, fmt::format("{}:{}", file.string(), number));
    reader.skip_blanks();
    if (reader.at_end()) continue;
    ConfigEntry entry{.key = reader.key(), .text = {}, .line = number};
    reader.skip_blanks();
    reader.equals_sign();
    reader.skip_blanks();
    entry.text = reader.value();
    reader.skip_blanks();
    if (!reader.at_end()) reader.fail("unexpected text after the value");
    const auto same_key = [&](const ConfigEntry& other) { return other.key == entry.key; };
    const auto earlier = std::find_if(entries.begin(), entries.end(), same_key);
    if (earlier != entries.end())
      reader.fail(fmt::format("{} was already set in line {}", entry.key, earlier->line));
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char letter : text) {
    switch (letter) {
      case '\n': result += "\\n"; break;
      case '\t': result += "\\t"; break;
      case '\r': result += "\\r"; break;
      case '"': result += "\\\""; break;
      case '\\': result += "\\\\"; break;
      default: result += letter;
    }
  }
  return result + '"';
}

}  // namespace rondo::apps
