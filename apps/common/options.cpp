// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "common/options.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

#include "rondo/base/error.hpp"

#include "common/config_file.hpp"
#include "common/nearest_name.hpp"
#include "common/version.hpp"

namespace rondo::apps {
namespace {

constexpr std::string_view environment_prefix = "RONDO_";

/// Of --config, of programs with ranks, of the library, and of the batch scripts in slurm/.
constexpr std::array other_variables = {"config",       "bind",     "tuning",   "bin",
                                        "slurm",        "launcher", "rank-per", "max-requeues",
                                        "stage-budget", "min-ranks"};

std::string environment_name(const std::string& option) {
  std::string name(environment_prefix);
  for (const char letter : option)
    name +=
        letter == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return name;
}

std::string config_value(const Setting& setting, const std::string& text) {
  return setting.kind() == Setting::Kind::text ? toml_string(text) : text;
}

/// A required setting without a value, or an optional one that is not set.
bool is_unset(const Setting& setting) {
  const std::optional<std::string> value = setting.value();
  return !value || (setting.is_required() && value->empty());
}

}  // namespace

Environment process_environment() {
  Environment result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

Options::Options(std::string program, std::string summary)
    : syntax_{.program = std::move(program), .summary = std::move(summary)} {}

void Options::add_positional(std::string name, std::filesystem::path& target, std::string help) {
  syntax_.positionals.push_back({.name = std::move(name), .help = std::move(help), .one = &target});
}

void Options::add_positional(std::string name, std::vector<std::filesystem::path>& target,
                             std::string help) {
  syntax_.positionals.push_back(
      {.name = std::move(name), .help = std::move(help), .many = &target});
}

void Options::parse(int argc, const char* const* argv, const Environment& environment) {
  const CommandLine line = read_command_line(syntax_, argc, argv);
  if (line.wants_help) throw EarlyExit{line.help};
  if (line.wants_version) throw EarlyExit{version_text(syntax_.program)};

  const auto config_variable = environment.find(environment_name("config"));
  if (!line.config.empty())
    assign_from_file(line.config);
  else if (config_variable != environment.end())
    assign_from_file(config_variable->second);
  assign_from_environment(environment);
  for (const auto& [name, text] : line.values)
    assign(name, text, "--" + name);

  if (line.wants_config) throw EarlyExit{config_text()};
  assign_positionals(line);
  require_values();
}

void Options::assign_from_file(const std::filesystem::path& file) {
  std::vector<std::string> names;
  for (const Setting& setting : syntax_.settings)
    names.push_back(setting.name());
  for (const ConfigEntry& entry : read_config_file(file)) {
    const std::string place = fmt::format("{}:{}", file.string(), entry.line);
    if (find(entry.key) == nullptr)
      throw Error(ExitCode::usage, fmt::format("{}: unknown option {}{}", place, entry.key,
                                               suggestion(entry.key, names, "")));
    assign(entry.key, entry.text, fmt::format("{}: {}", place, entry.key));
  }
}

void Options::assign_from_environment(const Environment& environment) {
  Environment ours = environment;
  std::vector<std::string> names;
  for (const Setting& setting : syntax_.settings) {
    const std::string name = environment_name(setting.name());
    names.push_back(name.substr(environment_prefix.size()));
    const auto variable = environment.find(name);
    if (variable == environment.end()) continue;
    assign(setting.name(), variable->second, name);
    ours.erase(name);
  }
  for (const char* other : other_variables)
    ours.erase(environment_name(other));
  names.emplace_back("TUNING");
  // A variable that is nearly an option is a typing error; any other may be another program's.
  for (const auto& [name, value] : ours) {
    if (!name.starts_with(environment_prefix)) continue;
    const std::string nearest = nearest_name(name.substr(environment_prefix.size()), names);
    if (!nearest.empty())
      throw Error(ExitCode::usage,
                  fmt::format("unknown environment variable {}: did you mean {}{}?", name,
                              environment_prefix, nearest));
  }
}

void Options::assign(const std::string& name, const std::string& text, const std::string& origin) {
  Setting& setting = *find(name);
  if (!setting.assign(text))
    throw Error(ExitCode::usage,
                fmt::format("{} is '{}': it must be {}", origin, text, setting.expectation()));
}

void Options::assign_positionals(const CommandLine& line) const {
  for (const Positional& positional : syntax_.positionals) {
    const auto found = line.positionals.find(positional.name);
    if (found == line.positionals.end())
      throw Error(ExitCode::usage,
                  fmt::format("{} is missing: {}", positional.name, positional.help));
    if (positional.many != nullptr)
      positional.many->assign(found->second.begin(), found->second.end());
    else
      *positional.one = found->second.back();
  }
}

void Options::require_values() const {
  for (const Setting& setting : syntax_.settings)
    if (setting.is_required() && is_unset(setting))
      throw Error(ExitCode::usage,
                  fmt::format("--{} is missing: {}", setting.name(), setting.help()));
}

std::string Options::config_text() const {
  std::string text = fmt::format("# Options of {}, for --config.\n", syntax_.program);
  std::string group;
  for (const Setting& setting : syntax_.settings) {
    if (setting.group() != group) text += fmt::format("\n# {}\n", setting.group());
    group = setting.group();
    if (is_unset(setting))
      text += fmt::format("# {} =\n", setting.name());
    else
      text += fmt::format("{} = {}\n", setting.name(), config_value(setting, *setting.value()));
  }
  return text;
}

Setting* Options::find(const std::string& name) {
  const auto matches = [&](const Setting& setting) { return setting.name() == name; };
  const auto found = std::find_if(syntax_.settings.begin(), syntax_.settings.end(), matches);
  return found != syntax_.settings.end() ? &*found : nullptr;
}

}  // namespace rondo::apps
