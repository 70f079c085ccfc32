// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "common/command_line.hpp"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"

#include "common/nearest_name.hpp"

namespace rondo::apps {
namespace {

constexpr const char* general_group = "General";

/// Writes `--flip,--no-flip` where CLI11 writes `--flip,--no-flip{false}`.
class HelpFormatter final : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(34); }
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    const std::string name = CLI::Formatter::make_option_name(option, is_positional);
    return CLI::detail::find_and_replace(name, "{false}", "");
  }
};

/// What follows the option's name in the help: `INT [8]`.
std::string option_text(const Setting& setting) {
  const std::string value = setting.value().value_or("");
  const std::string remark = setting.is_required() ? "(required)"
                             : value.empty()       ? ""
                                                   : fmt::format("[{}]", value);
  return fmt::format("{}{}{}", setting.placeholder(), remark.empty() ? "" : " ", remark);
}

/// CLI11's view of a Syntax. The texts it collects are read from its options afterwards.
class Parser {
 public:
  Parser(const Syntax& syntax, CommandLine& result) : app_(syntax.summary, syntax.program) {
    app_.formatter(std::make_shared<HelpFormatter>());
    app_.allow_extras();
    app_.set_help_flag();
    if (!syntax.examples.empty())
      app_.footer(fmt::format("Example:\n  {}", fmt::join(syntax.examples, "\n  ")));
    for (const Positional& positional : syntax.positionals)
      add(positional);
    for (const Setting& setting : syntax.settings)
      add(setting);
    add_general(result);
  }

  void parse(int argc, const char* const* argv, CommandLine& result) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ArgumentMismatch&) {
      throw Error(ExitCode::usage, fmt::format("{} needs a value", argv[argc - 1]));
    } catch (const CLI::ParseError& error) {
      throw Error(ExitCode::usage, error.what());
    }
    result.help = CLI::detail::find_and_replace(app_.help(), "\n\n\n", "\n\n");
    for (const auto& [name, option] : settings_)
      if (option->count() > 0) result.values[name] = option->results().back();
    for (const auto& [name, option] : positionals_)
      if (option->count() > 0) result.positionals[name] = option->results();
  }

  std::vector<std::string> superfluous() const { return app_.remaining(); }

 private:
  void add(const Positional& positional) {
    CLI::Option* option = positional.many != nullptr
                              ? app_.add_option(positional.name, texts_, positional.help)
                              : app_.add_option(positional.name, text_, positional.help);
    option->option_text(positional.many != nullptr ? "..." : " ");
    positionals_[positional.name] = option;
  }

  void add(const Setting& setting) {
    const std::string name = fmt::format("--{}", setting.name());
    CLI::Option* option =
        setting.kind() == Setting::Kind::boolean
            ? app_.add_flag(fmt::format("{},!--no-{}", name, setting.name()), setting.help())
            : app_.add_option(name, text_, setting.help());
    option->take_last()->group(setting.group())->option_text(option_text(setting));
    settings_[setting.name()] = option;
  }

  void add_general(CommandLine& result) {
    app_.add_option("--config", result.config, "read options from FILE (option = value)")
        ->take_last()
        ->group(general_group)
        ->option_text("FILE");
    app_.add_flag("--print-config", result.wants_config,
                  "print the options in effect as such a file")
        ->group(general_group);
    app_.add_flag("--version", result.wants_version, "print version and build")
        ->group(general_group);
    app_.add_flag("-h,--help", result.wants_help, "print this help")->group(general_group);
  }

  CLI::App app_;
  std::string text_;                ///< CLI11 wants a variable to convert into
  std::vector<std::string> texts_;  ///< likewise
  std::map<std::string, CLI::Option*> settings_;
  std::map<std::string, CLI::Option*> positionals_;
};

std::vector<std::string> option_names(const Syntax& syntax) {
  std::vector<std::string> names = {"config", "print-config", "version", "help"};
  for (const Setting& setting : syntax.settings)
    names.push_back(setting.name());
  return names;
}

void reject_superfluous(const std::vector<std::string>& arguments, const Syntax& syntax) {
  const auto is_option = [](const std::string& text) { return text.starts_with('-'); };
  const auto option = std::find_if(arguments.begin(), arguments.end(), is_option);
  if (option != arguments.end()) {
    const std::string typed = option->substr(0, option->find('='));
    const std::size_t dashes = std::min(typed.find_first_not_of('-'), typed.size());
    throw Error(ExitCode::usage,
                fmt::format("unknown option {}{}", typed,
                            suggestion(typed.substr(dashes), option_names(syntax), "--")));
  }
  if (!arguments.empty())
    throw Error(ExitCode::usage,
                fmt::format("unexpected argument '{}': options begin with --", arguments.front()));
}

/// `--output --resume` would make a folder named --resume.
void reject_option_as_value(const CommandLine& line) {
  for (const auto& [name, text] : line.values)
    if (text.starts_with("--"))
      throw Error(ExitCode::usage,
                  fmt::format("--{} needs a value, but is followed by {}", name, text));
}

}  // namespace

std::string suggestion(const std::string& typed, const std::vector<std::string>& names,
                       const std::string& prefix) {
  const std::string nearest = nearest_name(typed, names);
  if (nearest.empty()) return "; --help lists the options";
  return fmt::format(": did you mean {}{}?", prefix, nearest);
}

CommandLine read_command_line(const Syntax& syntax, int argc, const char* const* argv) {
  CommandLine result;
  Parser parser(syntax, result);
  parser.parse(argc, argv, result);
  if (result.wants_help || result.wants_version) return result;
  reject_superfluous(parser.superfluous(), syntax);
  reject_option_as_value(result);
  return result;
}

}  // namespace rondo::apps
