// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/command_line.hpp"
#include "common/setting.hpp"

namespace rondo::apps {

/// Thrown by Options::parse when the command line asked for a text (--help, --version,
/// --print-config): print it on standard output and leave with code 0.
struct EarlyExit {
  std::string text;
};

/// Environment variables by name.
using Environment = std::map<std::string, std::string>;
Environment process_environment();

/// The options of a program, each bound to a variable whose value is the default.
///
///     TrainOptions values;
///     Options options("rondo-train-image", "Trains an image classifier.");
///     options.group("Training");
///     options.add("epochs", values.epochs, "passes over the training split").at_least(1);
///     options.add("precision", values.precision, {{"f32", Precision::f32}, ...}, "layers' type");
///     options.example("mpirun -np 2 rondo-train-image --data fashion.h5 --epochs 8");
///     options.parse(argc, argv);
///
/// A value comes from the first of these that has one: the command line (`--epochs 8`), the
/// environment (`RONDO_EPOCHS=8`), the file named by --config (`epochs = 8`), the default. Of an
/// option given twice on the command line the last counts. `--print-config` prints the values in
/// effect as a file that --config accepts. A flag `--flip` also has `--no-flip`.
///
/// The variables must outlive the Options. Local: every rank parses for itself.
class Options {
 public:
  Options(std::string program, std::string summary);

  /// Options added from now on appear under this title in the help.
  void group(std::string title) { group_ = std::move(title); }

  /// A bool makes a flag; an optional stays empty unless given.
  template <class T>
  Setting& add(std::string name, T& target, std::string help) {
    return bound(std::move(name), std::move(help), [&](Setting& setting) { setting.bind(target); });
  }
  template <class Enum>
  Setting& add(std::string name, Enum& target,
               std::vector<std::pair<std::string, std::type_identity_t<Enum>>> choices,
               std::string help) {
    return bound(std::move(name), std::move(help),
                 [&](Setting& setting) { setting.bind(target, std::move(choices)); });
  }
  Setting& add_bytes(std::string name, std::size_t& target, std::string help) {
    return bound(std::move(name), std::move(help),
                 [&](Setting& setting) { setting.bind_bytes(target); });
  }
  Setting& add_bytes(std::string name, std::optional<std::size_t>& target, std::string help) {
    return bound(std::move(name), std::move(help),
                 [&](Setting& setting) { setting.bind_bytes(target); });
  }
  Setting& add_duration(std::string name, std::optional<std::chrono::seconds>& target,
                        std::string help) {
    return bound(std::move(name), std::move(help),
                 [&](Setting& setting) { setting.bind_duration(target); });
  }
  Setting& add_or_auto(std::string name, std::optional<std::size_t>& target, std::string help) {
    return bound(std::move(name), std::move(help),
                 [&](Setting& setting) { setting.bind_or_auto(target); });
  }

  /// Arguments without a name, in the order of the calls; not in files or the environment. The
  /// vector takes all that are left, at least one.
  void add_positional(std::string name, std::filesystem::path& target, std::string help);
  void add_positional(std::string name, std::vector<std::filesystem::path>& target,
                      std::string help);

  /// A command line to show at the end of the help.
  void example(std::string command_line) { syntax_.examples.push_back(std::move(command_line)); }

  /// Assigns the variables.
  /// \throws EarlyExit  --help, --version or --print-config
  /// \throws Error (usage)  unknown option or unusable value, wherever it came from
  /// \throws IoError  the file of --config: missing_input or bad_content
  void parse(int argc, const char* const* argv,
             const Environment& environment = process_environment());

  /// The present values as a file that --config accepts.
  std::string config_text() const;

  const std::string& program() const noexcept { return syntax_.program; }

 private:
  template <class Bind>
  Setting& bound(std::string name, std::string help, Bind bind) {
    Setting& setting = syntax_.settings.emplace_back(std::move(name), group_, std::move(help));
    bind(setting);
    return setting;
  }
  void assign_from_file(const std::filesystem::path& file);
  void assign_from_environment(const Environment& environment);
  void assign(const std::string& name, const std::string& text, const std::string& origin);
  void assign_positionals(const CommandLine& line) const;
  void require_values() const;
  Setting* find(const std::string& name);

  Syntax syntax_;
  std::string group_ = "Options";
};

}  // namespace rondo::apps
