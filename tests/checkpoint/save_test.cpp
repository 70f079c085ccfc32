// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "rondo/base/host_name.hpp"

#include "checkpoint/sample_state.hpp"
#include "io/hdf5.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::checkpoint {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Save, round_trips_tensors_and_metadata_bit_for_bit) {
  const test::TemporaryDirectory directory;
  save_sample(directory.path() / "made" / "on" / "demand", 42);

  const auto found = find_newest(directory.path() / "made" / "on" / "demand");

  ASSERT_TRUE(found);
  EXPECT_EQ(found->step, 42U);
  EXPECT_EQ(found->directory.filename(), "step-00000042");
  EXPECT_TRUE(loads_as_saved(*found));
}

TEST(Save, round_trips_tensors_that_are_written_in_pieces) {
  const test::TemporaryDirectory directory;
  std::vector<float> tall(std::size_t{3} * 2'000'001);
  std::vector<float> wide(5'000'000);
  std::iota(tall.begin(), tall.end(), 0.0F);
  std::iota(wide.begin(), wide.end(), 7.0F);
  const auto expected = std::pair(tall, wide);
  const std::vector<Tensor> tensors{{"tall", {2'000'001, 3}, tall}, {"wide", {1, 5'000'000}, wide}};
  save(directory.path(), 1, tensors, {});
  std::ranges::fill(tall, 0.0F);
  std::ranges::fill(wide, 0.0F);

  load(*find_newest(directory.path()), tensors);

  EXPECT_TRUE(std::pair(tall, wide) == expected);
}

TEST(Save, writes_plain_contiguous_datasets_in_groups) {
  const test::TemporaryDirectory directory;
  save_sample(directory.path(), 1);

  const auto file = io::Hdf5File::open(directory.path() / "step-00000001" / "state.h5");

  EXPECT_THAT(file.names(""), ElementsAre("parameter", "slot"));
  EXPECT_THAT(file.names("slot/momentum"), ElementsAre("conv1.weight"));
  const auto dataset = file.dataset("parameter/conv1.weight");
  EXPECT_EQ(dataset.dtype(), DType::f32);
  EXPECT_EQ(dataset.shape(), (Shape{4, 1, 3, 3}));
  EXPECT_THAT(dataset.storage().chunk, IsEmpty());
  std::vector<float> values(36);
  dataset.read(std::span(values));
  EXPECT_EQ(std::memcmp(values.data(), SampleState(1).tensors()[0].data.data(), 144), 0);
}

/// What `program` prints, if it can be run.
std::optional<std::string> output_of(const std::string& program) {
  std::string text;
  FILE* pipe = ::popen((program + " 2>&1").c_str(), "r");
  for (std::array<char, 256> part{}; std::fgets(part.data(), part.size(), pipe) != nullptr;)
    text += part.data();
  if (::pclose(pipe) != 0) return std::nullopt;
  return text;
}

TEST(Save, writes_what_other_programs_read) {
  if (!output_of("python3 -c 'import h5py'") && !output_of("h5dump --version"))
    GTEST_SKIP() << "neither h5py nor h5dump is here";
  const test::TemporaryDirectory directory;
  std::vector<float> values{0.5F, -2, 300};
  const std::vector<Tensor> tensors{{"slot/m/w", {3, 1}, values}};
  save(directory.path(), 1, tensors, {});
  const std::string file = directory.path() / "step-00000001" / "state.h5";

  if (output_of("h5dump --version")) {
    const auto dump = output_of("h5dump -y -d /slot/m/w " + file);
    EXPECT_THAT(dump.value_or(""), HasSubstr("H5T_IEEE_F32LE"));
    EXPECT_THAT(dump.value_or(""), ContainsRegex("0.5,\\s+-2,\\s+300"));
  }
  if (output_of("python3 -c 'import h5py'")) {
    EXPECT_EQ(output_of(fmt::format("python3 -c 'import h5py; d = h5py.File(\"{}\")[\"slot/m/w\"]; "
                                    "print(d.shape, d.dtype, d[:].ravel().tolist())'",
                                    file)),
              "(3, 1) float32 [0.5, -2.0, 300.0]\n");
  }
}

TEST(Save, gives_the_same_tensors_the_same_bytes) {
  const test::TemporaryDirectory directory;
  save_sample(directory.path() / "a", 1);
  save_sample(directory.path() / "b", 1);

  for (const char* name : {"state.h5", "manifest.json"})
    EXPECT_EQ(text_of(directory.path() / "a" / "step-00000001" / name),
              text_of(directory.path() / "b" / "step-00000001" / name));
}

TEST(Save, takes_tensors_without_elements) {
  const test::TemporaryDirectory directory;
  std::vector<float> values{1, 2};
  const std::vector<Tensor> tensors{{"none", {4, 0}, {}}, {"two", {2}, values}};
  save(directory.path(), 1, tensors, {});
  std::ranges::fill(values, 0.0F);

  load(*find_newest(directory.path()), tensors);

  EXPECT_THAT(values, ElementsAre(1, 2));
}

TEST(Save, leaves_two_files_under_the_final_name_and_nothing_beside_it) {
  const test::TemporaryDirectory directory;
  save_sample(directory.path(), 123456789);

  EXPECT_THAT(names_in(directory.path()), ElementsAre("step-123456789"));
  EXPECT_THAT(names_in(directory.path() / "step-123456789"),
              ElementsAre("manifest.json", "state.h5"));
}

TEST(Save, keeps_the_newest) {
  const test::TemporaryDirectory directory;
  for (const std::uint64_t step : {1U, 2U, 10U, 11U})
    save_sample(directory.path(), step, 2);
  EXPECT_THAT(names_in(directory.path()), ElementsAre("step-00000010", "step-00000011"));

  save_sample(directory.path(), 12, 1);

  EXPECT_THAT(names_in(directory.path()), ElementsAre("step-00000012"));
}

TEST(Save, keeps_multiples_of_a_step_besides) {
  const test::TemporaryDirectory directory;
  SampleState state(1);
  for (std::uint64_t step = 5; step <= 35; step += 5)
    save(directory.path(), step, state.tensors(), {}, {.newest = 2, .every = 10});

  EXPECT_THAT(names_in(directory.path()),
              ElementsAre("step-00000010", "step-00000020", "step-00000030", "step-00000035"));
}

TEST(Save, points_latest_to_the_one_just_saved) {
  const test::TemporaryDirectory directory;
  const auto latest = directory.path() / "latest";
  save_sample(directory.path(), 20);
  save_sample(directory.path(), 10);

  EXPECT_EQ(std::filesystem::read_symlink(latest), "step-00000010");
}

TEST(Save, goes_on_where_latest_cannot_be_a_link) {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directories(directory.path() / "latest" / "occupied");

  testing::internal::CaptureStderr();
  save_sample(directory.path(), 1);

  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("cannot renew the link"));
  EXPECT_TRUE(loads_as_saved(*find_newest(directory.path())));
  EXPECT_THAT(names_in(directory.path()), ElementsAre("step-00000001"));
}

TEST(Save, neither_counts_nor_removes_links) {
  const test::TemporaryDirectory directory;
  const test::TemporaryDirectory elsewhere;
  save_sample(elsewhere.path(), 2);
  std::filesystem::create_directory_symlink(elsewhere.path() / "step-00000002",
                                            directory.path() / "step-00000002");
  for (const std::uint64_t step : {1U, 3U, 4U})
    save_sample(directory.path(), step, 2);

  EXPECT_THAT(names_in(directory.path()),
              ElementsAre("step-00000002", "step-00000003", "step-00000004"));
  EXPECT_THAT(names_in(elsewhere.path()), ElementsAre("step-00000002"));
}

TEST(Save, behind_a_later_checkpoint_keeps_both_and_counts_up_to_its_own_step) {
  const test::TemporaryDirectory directory;
  save_sample(directory.path(), 90);
  for (const std::uint64_t step : {10U, 20U, 30U})
    save_sample(directory.path(), step, 2);

  EXPECT_THAT(names_in(directory.path()),
              ElementsAre("step-00000020", "step-00000030", "step-00000090"));
}

TEST(Save, replaces_a_checkpoint_of_the_same_step) {
  const test::TemporaryDirectory directory;
  save_sample(directory.path(), 5);
  SampleState other(99);
  save(directory.path(), 5, other.tensors(), {{"which", "second"}});

  const auto found = find_newest(directory.path());

  ASSERT_TRUE(found);
  EXPECT_EQ(found->metadata, (Metadata{{"which", "second"}}));
  SampleState loaded(0);
  load(*found, loaded.tensors());
  EXPECT_TRUE(loaded == other);
  EXPECT_THAT(names_in(directory.path()), ElementsAre("step-00000005"));
}

TEST(Save, removes_what_dead_processes_left_and_nothing_else) {
  const test::TemporaryDirectory directory;
  const std::string host = host_name();
  const std::string live = fmt::format(".step-00000003.{}-{}.partial", host, ::getppid());
  // No process has such a number: the kernel's limit is 4194304.
  const std::string dead = fmt::format(".step-00000003.{}-4194999.partial", host);
  const std::string live_writer = fmt::format(".step-00000003.{}-{}-17.partial", host, ::getppid());
  const std::string dead_writer = fmt::format(".step-00000003.{}-4194999-17.partial", host);
  const std::string dead_discard = fmt::format(".step-00000002.{}-4194999.discarded", host);
  for (const std::string& name : {live, dead, live_writer, dead_writer, dead_discard,
                                  std::string(".step-00000003.no-such-host-1.partial"),
                                  std::string("notes"), std::string(".step-plan")})
    std::filesystem::create_directories(directory.path() / name / "inside");

  save_sample(directory.path(), 4);

  EXPECT_THAT(
      names_in(directory.path()),
      testing::UnorderedElementsAre(live, live_writer, ".step-plan", "notes", "step-00000004"));
}

TEST(Save, refuses_unusable_tensors_before_it_touches_the_disk) {
  const test::TemporaryDirectory directory;
  std::array<float, 4> data{};
  const auto refuse = [&](const std::vector<Tensor>& tensors, const std::string& complaint) {
    try {
      save(directory.path() / "new", 1, tensors, {});
      ADD_FAILURE() << "accepted, expected: " << complaint;
    } catch (const UsageError& e) {
      EXPECT_THAT(e.what(), HasSubstr(complaint));
    }
  };

  refuse({{"a", {4}, data}, {"a", {4}, data}}, "two tensors of a checkpoint have the name 'a'");
  refuse({{"a", {3}, data}}, "tensor 'a' has 4 elements, its shape says 3");
  refuse({{"a", {4}, data}, {"a-b", {4}, data}, {"a/b", {4}, data}},
         "would lie inside of tensor 'a'");
  for (const std::string name : {"", "/a", "a/", "a//b", "a/../b", "./a"})
    refuse({{name, {4}, data}}, "is not a name for a tensor");
  EXPECT_THROW(save(directory.path() / "new", 1, {}, {}, {.newest = 0}), UsageError);
  EXPECT_THAT(names_in(directory.path()), IsEmpty());
}

TEST(Save, refuses_metadata_that_is_not_utf8_and_leaves_nothing) {
  const test::TemporaryDirectory directory;
  SampleState state(1);

  EXPECT_THROW(save(directory.path(), 1, state.tensors(), {{"path", "\xFF\xFE"}}), UsageError);

  EXPECT_THAT(names_in(directory.path()), IsEmpty());
}

}  // namespace
}  // namespace rondo::checkpoint
