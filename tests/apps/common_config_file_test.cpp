// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <string>

#include <gmock/gmock.h>

#include "rondo/base/error.hpp"

#include "common/config_file.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::apps {
namespace {

using testing::HasSubstr;

class ConfigFileTest : public testing::Test {
 protected:
  std::vector<ConfigEntry> read(const std::string& text) const {
    std::ofstream(file_) << text;
    return read_config_file(file_);
  }
  std::string problem(const std::string& text) const {
    try {
      read(text);
    } catch (const IoError& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_content);
      return error.what();
    }
    return "none";
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "run.toml";
};

TEST_F(ConfigFileTest, reads_numbers_booleans_and_strings) {
  const auto entries = read(
      "# a comment\n"
      "\n"
      "epochs = 8\r\n"
      "  lr=0.1 # trailing\n"
      "resume = false\n"
      "output = \"runs/a # b, \\\"c\\\"\\\\\" # trailing\n"
      "data = 'C:\\raw'");

  ASSERT_EQ(entries.size(), 5U);
  EXPECT_EQ(entries[0].key, "epochs");
  EXPECT_EQ(entries[0].text, "8");
  EXPECT_EQ(entries[0].line, 3);
  EXPECT_EQ(entries[1].text, "0.1");
  EXPECT_EQ(entries[2].text, "false");
  EXPECT_EQ(entries[3].text, "runs/a # b, \"c\"\\");
  EXPECT_EQ(entries[4].text, "C:\\raw");
}

TEST_F(ConfigFileTest, names_the_place_and_the_problem) {
  EXPECT_THAT(problem("epochs = 1\nlr 0.1\n"), HasSubstr("run.toml:2: expected '='"));
  EXPECT_THAT(problem("epochs =\n"), HasSubstr("run.toml:1: expected a value"));
  EXPECT_THAT(problem("output = \"runs\n"), HasSubstr("no closing quote"));
  EXPECT_THAT(problem("output = 'runs\n"), HasSubstr("no closing quote"));
  EXPECT_THAT(problem("output = \"a\\q\"\n"), HasSubstr("unknown escape \\q"));
  EXPECT_THAT(problem("epochs = 1 2\n"), HasSubstr("unexpected text"));
  EXPECT_THAT(problem("[training]\n"), HasSubstr("key = value"));
  EXPECT_THAT(problem("lr = [1, 2]\n"), HasSubstr("arrays"));
  EXPECT_THAT(problem("lr = 1\n\nlr = 2\n"), HasSubstr("run.toml:3: lr was already set in line 1"));
}

TEST_F(ConfigFileTest, reports_a_missing_file_as_missing_input) {
  for (const auto& missing : {directory_.path() / "nope.toml", directory_.path()}) {
    try {
      read_config_file(missing);
      FAIL() << "an error was due";
    } catch (const IoError& error) {
      EXPECT_EQ(error.code(), ExitCode::missing_input);
      EXPECT_THAT(error.what(), HasSubstr(missing.string()));
    }
  }
}

TEST_F(ConfigFileTest, reads_back_what_toml_string_wrote) {
  for (const std::string text : {"", "plain", "a # b", "\"quoted\"", "back\\slash",
                                 "tab\tline\nend", "it's", "Zürich", "true", "8"}) {
    const auto entries = read("key = " + toml_string(text));
    ASSERT_EQ(entries.size(), 1U) << text;
    EXPECT_EQ(entries[0].text, text);
  }
}

}  // namespace
}  // namespace rondo::apps
