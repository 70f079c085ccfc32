// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Checkpoints damaged after they were written: found out, and passed over for an older one.
#include <fstream>
#include <functional>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "rondo/base/hash.hpp"
#include "rondo/base/log.hpp"
#include "rondo/checkpoint/inspect.hpp"

#include "checkpoint/sample_state.hpp"
#include "support/fewer_cases.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::checkpoint {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

/// Rewrites the manifest so that it hashes right: what a careless or hostile tool would leave.
void rewrite_manifest(const std::filesystem::path& directory,
                      const std::function<void(nlohmann::json&)>& change) {
  auto document = nlohmann::json::parse(read_text(directory / "manifest.json"));
  change(document);
  document.erase("xxh3");
  document["xxh3"] = to_hex(content_hash(document.dump()));
  write_text(directory / "manifest.json", document.dump());
}

class Damage : public testing::Test {
 protected:
  Damage() {
    save_sample(directory_.path(), 1);
    save_sample(directory_.path(), 2);
  }

  /// The older checkpoint is found, with a warning that holds `reason`; alone, the newest is an
  /// error of the same reason.
  void expect_fallback(const std::string& reason) const {
    testing::internal::CaptureStderr();
    const auto found = find_newest(directory_.path());
    EXPECT_THAT(
        testing::internal::GetCapturedStderr(),
        AllOf(HasSubstr("skipped checkpoint"), HasSubstr("step-00000002"), HasSubstr(reason)));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->step, 1U);
    EXPECT_TRUE(loads_as_saved(*found));

    std::filesystem::remove_all(found->directory);
    const Failure failure = failure_of([&] { find_newest(directory_.path()); });
    EXPECT_EQ(failure.code, ExitCode::bad_content);
    EXPECT_THAT(failure.text, AllOf(HasSubstr("no checkpoint in"), HasSubstr(reason)));
  }

  const test::TemporaryDirectory directory_;
  const std::filesystem::path newest_ = directory_.path() / "step-00000002";
  const std::filesystem::path state_ = newest_ / "state.h5";
  const std::filesystem::path manifest_ = newest_ / "manifest.json";
};

TEST_F(Damage, truncated_state) {
  std::filesystem::resize_file(state_, std::filesystem::file_size(state_) / 2);
  expect_fallback("bytes, found");
}

TEST_F(Damage, missing_state) {
  std::filesystem::remove(state_);
  expect_fallback("state.h5: cannot read");
}

TEST_F(Damage, truncated_manifest) {
  std::filesystem::resize_file(manifest_, std::filesystem::file_size(manifest_) / 2);
  expect_fallback("is not a manifest");
}

TEST_F(Damage, unreadable_manifest) {
  std::filesystem::remove(manifest_);
  std::filesystem::create_directory(manifest_);
  expect_fallback("manifest.json: is not a file");
}

TEST_F(Damage, missing_manifest) {
  std::filesystem::remove(manifest_);
  expect_fallback("manifest.json: missing");
}

TEST_F(Damage, checkpoint_under_another_name) {
  save_sample(directory_.path(), 7, 3);
  std::filesystem::remove_all(newest_);
  std::filesystem::rename(directory_.path() / "step-00000007", newest_);
  expect_fallback("is of step 7, its directory's name says 2");
}

TEST_F(Damage, symbolic_link_to_a_checkpoint) {
  const test::TemporaryDirectory elsewhere;
  std::filesystem::rename(newest_, elsewhere.path() / "step-00000002");
  std::filesystem::create_directory_symlink(elsewhere.path() / "step-00000002", newest_);
  expect_fallback("is a symbolic link");
}

TEST_F(Damage, newer_format_version) {
  rewrite_manifest(newest_, [](nlohmann::json& document) { document["version"] = 3; });
  expect_fallback("expected version 1 to 2, found 3");
}

TEST_F(Damage, manifest_names_a_tensor_that_the_state_lacks) {
  rewrite_manifest(newest_, [](nlohmann::json& document) {
    document["tensors"][0]["name"] = "parameter/ghost";
  });
  expect_fallback("parameter/ghost");
}

TEST_F(Damage, manifest_gives_a_tensor_another_shape) {
  rewrite_manifest(newest_, [](nlohmann::json& document) {
    document["tensors"][1]["shape"] = {2, 2};
  });
  expect_fallback("the manifest says f32 (2, 2), found f32 (4)");
}

TEST_F(Damage, manifest_has_two_tensors_of_one_size_in_each_others_place) {
  rewrite_manifest(newest_, [](nlohmann::json& document) {
    nlohmann::json& tensors = document["tensors"];
    for (const char* key : {"offset", "blocks", "xxh3"})
      std::swap(tensors[0][key], tensors[4][key]);
  });
  expect_fallback("parameter/conv1.weight: the manifest says byte");
}

TEST_F(Damage, state_holds_other_elements_than_the_manifest_hashed) {
  rewrite_manifest(newest_, [](nlohmann::json& document) {
    document["tensors"][1]["blocks"] = "0123456789abcdef";
    document["tensors"][1]["xxh3"] = to_hex(content_hash("0123456789abcdef"));
  });
  expect_fallback("parameter/conv1.bias: block 0");
}

TEST_F(Damage, is_located_by_tensor_and_block) {
  std::vector<float> values(600'000, 1.0F);
  const std::vector<Tensor> tensors{{"a", {10}, std::span(values).first(10)},
                                    {"b/c", {600, 1000}, values}};
  save(directory_.path(), 9, tensors, {});
  const auto directory = directory_.path() / "step-00000009";
  const auto document = nlohmann::json::parse(read_text(directory / "manifest.json"));
  std::string state = read_text(directory / "state.h5");
  state[document["tensors"][1]["offset"].get<std::size_t>() + 1'048'576 + 5] ^= 1;
  write_text(directory / "state.h5", state);

  const Failure failure = failure_of([&] { verify(directory); });

  EXPECT_EQ(failure.code, ExitCode::bad_content);
  EXPECT_THAT(failure.text, HasSubstr("state.h5: b/c: block 1 (bytes "));
  const Reader reader(directory);
  const TensorEntry& damaged = reader.contents().tensors[1];
  EXPECT_EQ(reader.read(reader.contents().tensors[0])[9], 1.0F);
  std::vector<float> part(262'144);
  EXPECT_NO_THROW(reader.read(damaged, 0, part));
  EXPECT_EQ(failure_of([&] { reader.read(damaged, 1, part); }).code, ExitCode::bad_content);
  EXPECT_NO_THROW(reader.read(damaged, 524'288, std::span(part).first(75'712)));
}

/// Flips one random bit of the newest checkpoint, looks, and flips it back.
void flip_and_check(const std::filesystem::path& directory, const std::filesystem::path& file,
                    std::mt19937& random) {
  const std::string intact = read_text(file);
  std::string damaged = intact;
  const std::size_t place = random() % damaged.size();
  damaged[place] = static_cast<char>(damaged[place] ^ (1 << (random() % 8)));
  write_text(file, damaged);

  const auto found = find_newest(directory);

  ASSERT_TRUE(found);
  EXPECT_TRUE(loads_as_saved(*found)) << file << ", byte " << place;
  if (file.filename() == "state.h5") {
    EXPECT_EQ(found->step, 1U) << "byte " << place;
  }
  write_text(file, intact);
}

TEST_F(Damage, any_flipped_bit_is_found_out_or_harmless) {
  const LogLevel level = log::level();
  log::set_level(LogLevel::quiet);
  std::mt19937 random(5);
  for (int round = 0; round < (test::is_sanitized ? 100 : 500); ++round) {
    flip_and_check(directory_.path(), state_, random);
    flip_and_check(directory_.path(), manifest_, random);
  }
  log::set_level(level);
  EXPECT_EQ(find_newest(directory_.path())->step, 2U);
}

}  // namespace
}  // namespace rondo::checkpoint
