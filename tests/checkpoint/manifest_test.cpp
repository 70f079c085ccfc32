// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/manifest.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "checkpoint/sample_state.hpp"

namespace rondo::checkpoint {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Manifest sample() {
  return {.step = 42,
          .metadata = {{"loss_scale", "65536"}, {"run.name", "Grüße \"x\""}},
          .state = {12345, 0xFEDCBA9876543210U},
          .tensors = {{"parameter/w", {3, 2}, 0x0123456789ABCDEFU}, {"parameter/s", {}, 1}}};
}

/// The sample's text with one value replaced.
std::string changed(const std::string& key, const nlohmann::json& value) {
  auto document = nlohmann::json::parse(to_text(sample()));
  document[key] = value;
  return document.dump();
}

TEST(Manifest, reads_back_what_it_wrote) {
  const Manifest read = parse_manifest(to_text(sample()), "m");

  EXPECT_EQ(read.step, 42U);
  EXPECT_EQ(read.metadata, sample().metadata);
  EXPECT_EQ(read.state, sample().state);
  ASSERT_EQ(read.tensors.size(), 2U);
  EXPECT_EQ(read.tensors[0].name, "parameter/w");
  EXPECT_EQ(read.tensors[0].shape, (Shape{3, 2}));
  EXPECT_EQ(read.tensors[0].hash, 0x0123456789ABCDEFU);
  EXPECT_EQ(read.tensors[1].shape, Shape{});
}

TEST(Manifest, does_not_depend_on_its_layout) {
  const auto document = nlohmann::json::parse(to_text(sample()));

  EXPECT_EQ(parse_manifest(document.dump(), "m").step, 42U);
  EXPECT_EQ(parse_manifest(document.dump(7), "m").step, 42U);
}

void expect_refused(const std::string& text, const std::string& complaint) {
  const Failure failure = failure_of([&] { parse_manifest(text, "dir/manifest.json"); });
  EXPECT_EQ(failure.code, ExitCode::bad_content);
  EXPECT_THAT(failure.text, AllOf(HasSubstr("dir/manifest.json"), HasSubstr(complaint)));
}

TEST(Manifest, refuses_other_formats_and_versions_naming_both) {
  expect_refused(changed("format", "safetensors"),
                 "expected format rondo-checkpoint, found safetensors");
  expect_refused(changed("version", 2), "expected version 1, found 2");
}

TEST(Manifest, refuses_content_that_its_hash_does_not_cover) {
  expect_refused(changed("step", 43), "it was changed or damaged");
  expect_refused(changed("metadata", {{"loss_scale", "1"}}), "it was changed or damaged");
  expect_refused(changed("added", 1), "it was changed or damaged");
  expect_refused(changed("xxh3", "0000000000000000"), "it was changed or damaged");
}

TEST(Manifest, refuses_what_is_not_a_manifest) {
  expect_refused("", "is not a manifest");
  expect_refused("[]", "is not a manifest");
  expect_refused("{}", "is not a manifest");
  expect_refused(to_text(sample()).substr(0, 100), "is not a manifest");
  expect_refused(std::string(100'000, '['), "nested too deeply");
}

}  // namespace
}  // namespace rondo::checkpoint
