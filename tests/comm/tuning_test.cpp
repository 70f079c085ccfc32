// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/tuning.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

namespace rondo::comm {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* head = R"({"format": "rondo-tuning", "version": 1, )";

std::string error_of(const std::string& text) {
  try {
    parse_tuning(text, "m.json");
  } catch (const ConfigError& e) {
    return e.what();
  }
  ADD_FAILURE() << "no ConfigError for " << text;
  return {};
}

std::string error_of_body(const std::string& body) {
  return error_of(head + body + "}");
}

std::string error_of_rule(const std::string& rule) {
  return error_of_body(R"("rules": [{"collective": "allreduce", "algorithm": "ring"}, )" + rule +
                       "]");
}

TEST(Tuning, survives_writing_and_reading) {
  Tuning tuning;
  tuning.rules = {{.algorithm = Algorithm::ring,
                   .ranks = {2, 7},
                   .nodes = {1, 1},
                   .max_bytes = 12345,
                   .dtype = DType::bf16},
                  {.collective = Collective::broadcast, .algorithm = Algorithm::tree}};
  tuning.shared_memory = {
      .one_shot_bytes = 0, .streaming_bytes = 1 << 22, .staging_chunk_bytes = 8192};
  tuning.transport = {
      .segment_bytes = 64, .receives_ahead = 3, .one_shot_bytes = 77, .copy_limit_bytes = 0};

  const Tuning read = parse_tuning(to_json(tuning), "machine.json");

  EXPECT_EQ(read.rules, tuning.rules);
  EXPECT_EQ(read.shared_memory, tuning.shared_memory);
  EXPECT_EQ(read.transport, tuning.transport);
  EXPECT_EQ(read.origin, "machine.json");
}

TEST(Tuning, keeps_defaults_for_what_a_file_leaves_out) {
  const Tuning read =
      parse_tuning(head + std::string(R"("transport": {"receives_ahead": 2}})"), "");

  EXPECT_EQ(read.transport.receives_ahead, 2U);
  EXPECT_EQ(read.transport.segment_bytes, TransportTuning().segment_bytes);
  EXPECT_EQ(read.shared_memory, SharedMemoryTuning());
  EXPECT_TRUE(read.rules.empty());
}

TEST(Tuning, refuses_what_is_no_tuning) {
  EXPECT_THAT(error_of("{"), HasSubstr("m.json is no JSON"));
  EXPECT_THAT(error_of("[]"), HasSubstr("must be an object"));
  EXPECT_THAT(error_of("{}"), HasSubstr("no 'format'"));
  EXPECT_THAT(error_of(R"({"format": "x", "version": 1})"), HasSubstr(R"("rondo-tuning")"));
  EXPECT_THAT(error_of(R"({"format": "rondo-tuning", "version": 2})"),
              AllOf(HasSubstr("version is 2"), HasSubstr("measure again")));
  EXPECT_THAT(error_of(std::string(100'000, '[')), HasSubstr("nested too deeply"));
}

TEST(Tuning, names_file_key_value_and_what_is_allowed) {
  EXPECT_EQ(error_of_body(R"("transport": {"receives_ahead": 0})"),
            "m.json: transport.receives_ahead is 0: it must be a whole number from 1 to 1024");
  EXPECT_THAT(error_of_body(R"("transport": {"receives": 3})"),
              HasSubstr("m.json: transport has the unknown key 'receives': known are "
                        "segment_bytes, receives_ahead, one_shot_bytes, copy_limit_bytes"));
  EXPECT_THAT(error_of_body(R"("transport": {"segment_bytes": 100})"), HasSubstr("multiple of 64"));
  for (const char* value : {"-1", "1e3", "1.5", "\"64\"", "null", "[1]", "18446744073709551616"})
    EXPECT_THAT(error_of_body(R"("shared_memory": {"one_shot_bytes": )" + std::string(value) + "}"),
                HasSubstr("must be a whole number"));
}

TEST(Tuning, refuses_a_wrong_rule_and_says_which) {
  EXPECT_EQ(error_of_rule(R"({"collective": "allreduce", "algorithm": "rings"})").substr(0, 57),
            "m.json: rules[1].algorithm is \"rings\": it must be one of ");
  EXPECT_THAT(error_of_rule(R"({"collective": "allreduce", "algorithm": "auto"})"),
              HasSubstr("rules[1].algorithm"));
  EXPECT_THAT(error_of_rule(R"({"collective": "sum", "algorithm": "ring"})"),
              HasSubstr("one of allreduce, reduce_scatter, allgather"));
  EXPECT_THAT(error_of_rule(R"({"algorithm": "ring"})"), HasSubstr("no 'collective'"));
  EXPECT_THAT(error_of_rule("7"), HasSubstr("rules[1] is 7"));
  const std::string ring = R"({"collective": "allgather", "algorithm": "ring", )";
  EXPECT_THAT(error_of_rule(ring + R"("ranks": 4})"), HasSubstr("a list of two numbers"));
  EXPECT_THAT(error_of_rule(ring + R"("nodes": [4, 2]})"),
              HasSubstr("rules[1].nodes is 2: it must be a whole number from 4 to"));
  EXPECT_THAT(error_of_rule(ring + R"("max_bytes": -1})"), HasSubstr("rules[1].max_bytes is -1"));
  EXPECT_THAT(error_of_rule(ring + R"("dtype": "f32"})"), HasSubstr("must be left out"));
}

}  // namespace
}  // namespace rondo::comm
