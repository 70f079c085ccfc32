// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/manifest.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "rondo/base/hash.hpp"

#include "checkpoint/sample_state.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::checkpoint {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::uint64_t block = 1 << 20;

Manifest sample() {
  Manifest manifest{.step = 42,
                    .metadata = {{"loss_scale", "65536"}, {"run.name", "Grüße \"x\""}},
                    .state = {2'500'000, 0xFEDCBA9876543210U, block},
                    .tensors = {},
                    .stored = {}};
  add_tensor(manifest, "parameter/w", {3, 200'000},
             {{5000, 2'400'000}, {0x0123456789ABCDEFU, 7, 8}});
  add_tensor(manifest, "parameter/s", {}, {{4096, 4}, {1}});
  add_tensor(manifest, "parameter/none", {5, 0}, {{0, 0}, {}});
  return manifest;
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
  ASSERT_EQ(read.tensors.size(), 3U);
  EXPECT_EQ(read.tensors[0].name, "parameter/w");
  EXPECT_EQ(read.tensors[0].shape, (Shape{3, 200'000}));
  EXPECT_EQ(read.tensors[0].hash, content_hash("0123456789abcdef00000000000000070000000000000008"));
  EXPECT_EQ(read.stored[0].extent, (Extent{5000, 2'400'000}));
  EXPECT_THAT(read.stored[0].block_hashes, testing::ElementsAre(0x0123456789ABCDEFU, 7, 8));
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
  expect_refused(changed("version", 3), "expected version 1 to 2, found 3");
  expect_refused(changed("version", 0), "expected version 1 to 2, found 0");
}

TEST(Manifest, refuses_content_that_its_hash_does_not_cover) {
  expect_refused(changed("step", 43), "it was changed or damaged");
  expect_refused(changed("metadata", {{"loss_scale", "1"}}), "it was changed or damaged");
  expect_refused(changed("added", 1), "it was changed or damaged");
  expect_refused(changed("xxh3", "0000000000000000"), "it was changed or damaged");
}

/// The sample with one thing of its first tensor, or of its state file, said otherwise, hashed
/// right.
std::string lying(const std::string& part, const std::string& key, const nlohmann::json& value) {
  auto document = nlohmann::json::parse(to_text(sample()));
  (part == "state" ? document["state"] : document["tensors"][0])[key] = value;
  document.erase("xxh3");
  document["xxh3"] = to_hex(content_hash(document.dump()));
  return document.dump();
}

TEST(Manifest, refuses_what_contradicts_itself_before_anything_is_read) {
  constexpr std::uint64_t huge = std::uint64_t{1} << 62;
  expect_refused(lying("tensor", "offset", 2'500'000), "is not within 2500000 bytes");
  expect_refused(lying("tensor", "offset", 0xFFFF'FFFF'FFFF'FFFFU), "is not within");
  expect_refused(lying("tensor", "offset", 4097), "parameter/s and parameter/w overlap");
  expect_refused(lying("tensor", "shape", {huge, 4}), "is not within");
  expect_refused(lying("tensor", "shape", {huge / 2, huge / 2, 1 << 30}), "is not within");
  expect_refused(lying("tensor", "shape", Shape(33, 1)), "is not within");
  expect_refused(lying("tensor", "shape", {3, 20'000}), "expected hashes of 1 blocks, found 3");
  expect_refused(lying("tensor", "shape", {0, huge}), "expected hashes of 0 blocks");
  expect_refused(lying("tensor", "blocks", "0123"), "hashes of its blocks are unreadable");
  expect_refused(lying("tensor", "blocks", std::string(48, 'x')), "are unreadable");
  expect_refused(lying("tensor", "blocks", std::string(48, '0')), "its hash is not that of");
  expect_refused(lying("tensor", "name", "parameter/s"), "two tensors have the name");
  expect_refused(lying("tensor", "dtype", "f64"), "expected dtype f32, found f64");
  expect_refused(lying("state", "bytes", huge), "cannot have 4611686018427387904 bytes");
  expect_refused(lying("state", "bytes", huge / 8), "bytes of the state file are in no tensor");
  expect_refused(lying("state", "bytes", 100), "is not within 100 bytes");
  expect_refused(lying("state", "block_bytes", 0), "blocks cannot have 0 bytes");
  expect_refused(lying("state", "block_bytes", huge), "blocks cannot have");
}

TEST(Manifest, is_read_only_from_a_file_of_a_credible_size) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "manifest.json";
  std::ofstream(file) << to_text(sample());
  EXPECT_EQ(read_manifest(directory.path()).step, 42U);

  std::filesystem::resize_file(file, std::uintmax_t{1} << 40);  // a hole
  try {
    read_manifest(directory.path());
    FAIL() << "no error";
  } catch (const IoError& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_content);
    EXPECT_THAT(error.what(), HasSubstr("has 1099511627776 bytes"));
  }
  std::filesystem::remove(file);
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);  // whose reader would wait for ever
  EXPECT_THROW(read_manifest(directory.path()), IoError);
}

TEST(Manifest, refuses_what_is_not_a_manifest) {
  expect_refused("", "is not a manifest");
  expect_refused("[]", "is not a manifest");
  expect_refused("{}", "is not a manifest");
  expect_refused(to_text(sample()).substr(0, 100), "is not a manifest");
  expect_refused(std::string(100'000, '['), "nested too deeply");
  std::string zeros;
  for (int i = 0; i < 17'000'000; ++i)
    zeros += "0,";
  expect_refused("[" + zeros + "0]", "has more values than a manifest");
}

}  // namespace
}  // namespace rondo::checkpoint
