// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "support/run_program.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "support/temporary_directory.hpp"

namespace rondo::test {
namespace {

TEST(RunProgram, keeps_the_code_and_both_outputs_apart) {
  const ProgramResult result = run_program("echo out; echo err >&2; exit 3");

  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
}

TEST(TemporaryDirectory, is_a_plain_word_where_temporary_files_lie_under_a_path_with_spaces) {
  const TemporaryDirectory directory;
  const auto spaced = directory.path() / "a b";
  std::filesystem::create_directory(spaced);
  setenv("TMPDIR", spaced.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)

  const TemporaryDirectory plain;
  const ProgramResult result = run_program("echo " + plain.path().string());
  unsetenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe)

  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, plain.path().string() + "\n");
  EXPECT_EQ(result.out.find(' '), std::string::npos);
}

TEST(ShellWord, may_hold_anything) {
  const std::string text = R"(a b'c"$HOME`ls`\*;)";

  EXPECT_EQ(run_program("printf %s " + shell_word(text)).out, text);
}

}  // namespace
}  // namespace rondo::test
