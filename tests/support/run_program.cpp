// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "support/run_program.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <sys/wait.h>

#include "support/temporary_directory.hpp"

namespace rondo::test {
namespace {

std::string content(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

std::string shell_word(const std::string& text) {
  std::string word = "'";
  for (const char c : text)
    word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

ProgramResult run_program(const std::string& command) {
  const TemporaryDirectory files;
  const auto out = files.path() / "out";
  const auto err = files.path() / "err";
  const auto begin = std::chrono::steady_clock::now();
  const std::string redirected =
      fmt::format("{{ {}; }} </dev/null >{} 2>{}", command, shell_word(out), shell_word(err));
  const int status = std::system(redirected.c_str());  // NOLINT(concurrency-mt-unsafe)
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          .out = content(out),
          .err = content(err),
          .seconds = took.count()};
}

std::string mpirun(int ranks, const std::string& command) {
  return fmt::format("{} -np {} {}", RONDO_MPIRUN, ranks, command);
}

}  // namespace rondo::test
