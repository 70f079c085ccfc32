// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/log.hpp"

#include <atomic>
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "rondo/base/printable.hpp"

namespace rondo::log {
namespace {

struct State {
  std::atomic<int> rank{0};
  std::atomic<int> size{1};
  std::atomic<LogLevel> level{LogLevel::info};
};

State& state() {
  static State instance;
  return instance;
}

void print(LogLevel level, std::string_view label, std::string_view text) {
  if (level > state().level) return;
  const std::string prefix =
      state().size > 1 ? fmt::format("[rank {}] ", state().rank.load()) : std::string();
  const std::string line = fmt::format("{}{}{}\n", prefix, label, printable_lines(text));
  // One call a line: lines of several threads and ranks do not mix.
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

void set_rank(int rank, int size) {
  state().rank = rank;
  state().size = size;
}
void set_level(LogLevel level) {
  state().level = level;
}
LogLevel level() {
  return state().level;
}

void error(std::string_view text) {
  print(LogLevel::error, "error: ", text);
}
void warning(std::string_view text) {
  print(LogLevel::warning, "warning: ", text);
}
void info(std::string_view text) {
  if (state().rank == 0) print(LogLevel::info, "", text);
}
void debug(std::string_view text) {
  print(LogLevel::debug, "debug: ", text);
}

}  // namespace rondo::log
