// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/scaling/model_table.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "support/temporary_directory.hpp"

namespace rondo::scaling {
namespace {

using testing::HasSubstr;

constexpr std::string_view small = "model small\nfirst 10 100\nwork 0 5e3\nlast\t20\t200\n";

std::string refusal_of(std::string_view text) {
  try {
    parse_model_table(text, "model.tsv");
  } catch (const IoError& e) {
    EXPECT_EQ(e.code(), ExitCode::bad_content);
    return e.what();
  }
  return "no error";
}

TEST(ModelTable, shipped_models_have_the_published_numbers_of_parameters) {
  EXPECT_EQ(load_model_table("resnet50").parameters(), 25'557'032U);
  EXPECT_EQ(load_model_table("vgg16").parameters(), 138'357'544U);
  EXPECT_EQ(load_model_table("bert-large").parameters(), 335'141'888U);
  EXPECT_EQ(load_model_table("gpt2-124m").parameters(), 124'439'808U);
}

TEST(ModelTable, shipped_models_have_the_published_flops) {
  // Multiplications and additions: twice the numbers of torchvision's documentation.
  EXPECT_NEAR(load_model_table("resnet50").forward_flops(), 2 * 4.09e9, 0.01e9);
  EXPECT_NEAR(load_model_table("vgg16").forward_flops(), 2 * 15.47e9, 0.01e9);
  // Two flops for each weight of a layer and token, and the products of queries, keys and values.
  EXPECT_NEAR(load_model_table("bert-large").forward_flops(),
              2 * 302e6 * 512 + 24 * 4.0 * 512 * 512 * 1024, 1e9);
  EXPECT_NEAR(load_model_table("gpt2-124m").forward_flops(),
              2 * 123.5e6 * 1024 + 12 * 4.0 * 1024 * 1024 * 768, 1e9);
}

TEST(ModelTable, every_shipped_model_says_what_it_is) {
  EXPECT_THAT(shipped_models(),
              testing::ElementsAre("resnet50", "vgg16", "bert-large", "gpt2-124m"));
  for (const auto name : shipped_models()) {
    const auto model = load_model_table(std::string(name));
    EXPECT_EQ(model.name, name);
    EXPECT_FALSE(model.sample.empty());
    EXPECT_FALSE(model.source.empty());
  }
}

TEST(ModelTable, reads_rows_in_their_order) {
  const auto model = parse_model_table(small, "");
  ASSERT_EQ(model.rows.size(), 3U);
  EXPECT_EQ(model.rows[2].name, "last");
  EXPECT_EQ(model.rows[2].elements, 20U);
  EXPECT_EQ(model.rows[1].forward_flops, 5e3);
  EXPECT_EQ(model.parameters(), 30U);
}

TEST(ModelTable, reads_a_users_file) {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "mine.tsv";
  std::ofstream(path) << small;
  EXPECT_EQ(load_model_table(path.string()).name, "small");
}

TEST(ModelTable, a_missing_file_ends_with_what_there_is) {
  try {
    load_model_table("resnet51");
    FAIL() << "no error";
  } catch (const IoError& e) {
    EXPECT_EQ(e.code(), ExitCode::missing_input);
    EXPECT_THAT(e.what(), testing::AllOf(HasSubstr("resnet51"), HasSubstr("gpt2-124m")));
  }
}

TEST(ModelTable, a_directory_is_no_table) {
  EXPECT_THROW(load_model_table("/"), IoError);
}

TEST(ModelTable, without_an_end_is_refused) {
  try {
    load_model_table("/dev/zero");
    FAIL() << "no error";
  } catch (const IoError& e) {
    EXPECT_EQ(e.code(), ExitCode::bad_content);
    EXPECT_THAT(e.what(), HasSubstr("longer than"));
  }
}

TEST(ModelTable, malformed_tables_are_refused_with_their_line) {
  EXPECT_THAT(refusal_of("model m\nfirst ten 100\n"),
              HasSubstr("model.tsv:2: 'ten' elements of first"));
  EXPECT_THAT(refusal_of("model m\nfirst -1 100\n"), HasSubstr(":2: '-1' elements"));
  EXPECT_THAT(refusal_of("model m\nfirst 18446744073709551615 1\n"), HasSubstr("elements"));
  EXPECT_THAT(refusal_of("model m\nfirst 10 -3\n"), HasSubstr("'-3' flops of first"));
  EXPECT_THAT(refusal_of("model m\nfirst 10 inf\n"), HasSubstr("'inf' flops"));
  EXPECT_THAT(refusal_of("model m\nfirst 10 nan\n"), HasSubstr("'nan' flops"));
  EXPECT_THAT(refusal_of("model m\nfirst 10\n"), HasSubstr(":2: expected a line"));
  EXPECT_THAT(refusal_of("model m\nfirst 10 1 1\n"), HasSubstr(":2: expected a line"));
  EXPECT_THAT(refusal_of("model m\na 1 1\n\na 1 1\n"), HasSubstr(":4: a is there twice"));
  EXPECT_THAT(refusal_of("model m\nmodel n\n"), HasSubstr(":2: said twice"));
  EXPECT_THAT(refusal_of("model\n"), HasSubstr(":1: says nothing"));
  EXPECT_THAT(refusal_of("model m\nparameters many\n"), HasSubstr("'many'"));
  EXPECT_THAT(refusal_of("model m\nparameters 11\nfirst 10 1\n"), HasSubstr("add up to 10"));
  EXPECT_THAT(refusal_of("first 10 1\n"), HasSubstr("without a line 'model NAME'"));
  EXPECT_THAT(refusal_of("model m\nwork 0 1\n"), HasSubstr("without any parameter"));
  EXPECT_THAT(refusal_of(""), HasSubstr("without a line"));
  EXPECT_THAT(refusal_of(std::string_view("\0\xff\n", 3)), HasSubstr("expected a line"));
}

}  // namespace
}  // namespace rondo::scaling
