// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/checkpoint/inspect.hpp"

#include "checkpoint/sample_state.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::checkpoint {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(FindNewest, finds_nothing_where_there_is_nothing) {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() / "step-12");
  std::filesystem::create_directory(directory.path() / "step-0000001x");
  std::filesystem::create_directory(directory.path() / ".step-00000001.host-1.partial");

  EXPECT_FALSE(find_newest(directory.path()));
  EXPECT_FALSE(find_newest(directory.path() / "absent"));
}

TEST(FindNewest, orders_by_number_of_steps) {
  const test::TemporaryDirectory directory;
  save_sample(directory.path(), 100'000'001);
  save_sample(directory.path(), 99'999'999);

  EXPECT_EQ(find_newest(directory.path())->step, 100'000'001U);
}

TEST(FindNewest, a_directory_that_cannot_be_read_is_an_error) {
  const test::TemporaryDirectory directory;
  std::ofstream(directory.path() / "file") << "x";

  EXPECT_EQ(failure_of([&] { find_newest(directory.path() / "file"); }).code,
            ExitCode::missing_input);
}

/// Written by the release that had this version of the format: every later one must read it.
TEST(Load, reads_every_version_of_the_format) {
  for (const char* version : {"version-1", "version-2"}) {
    const Contents contents = verify(std::filesystem::path(RONDO_GOLDEN_CHECKPOINTS) / version);

    EXPECT_EQ(contents.step, 42U);
    EXPECT_TRUE(loads_as_saved({contents.directory, contents.step, contents.metadata}));
  }
}

TEST(Load, accepts_the_tensors_in_any_order) {
  const test::TemporaryDirectory directory;
  save_sample(directory.path(), 3);
  SampleState state(0);
  auto& tensors = state.tensors();
  std::vector<Tensor> reversed(tensors.rbegin(), tensors.rend());

  load(*find_newest(directory.path()), reversed);

  EXPECT_TRUE(state == SampleState(3));
}

TEST(Load, lists_all_differences_in_one_message_and_changes_nothing) {
  const test::TemporaryDirectory directory;
  save_sample(directory.path(), 3);
  const auto found = find_newest(directory.path());
  SampleState state(0, 5);
  state.add("parameter/extra", {2, 3});
  auto tensors = state.tensors();
  std::erase_if(tensors,
                [](const Tensor& tensor) { return tensor.name == "parameter/conv1.bias"; });
  const SampleState before = state;

  const Failure failure = failure_of([&] { load(*found, tensors); });

  EXPECT_EQ(failure.code, ExitCode::bad_content);
  EXPECT_THAT(
      failure.text,
      AllOf(HasSubstr("step-00000003"),
            HasSubstr("parameter/conv1.weight: expected shape (4, 1, 3, 5), found (4, 1, 3, 3)"),
            HasSubstr("slot/momentum/conv1.weight: expected shape (4, 1, 3, 5)"),
            HasSubstr("parameter/extra: expected shape (2, 3), found no such tensor"),
            HasSubstr("parameter/conv1.bias: not expected, found shape (4)")));
  EXPECT_TRUE(state == before);
}

TEST(Load, refuses_a_checkpoint_damaged_since_it_was_found_and_changes_nothing) {
  const test::TemporaryDirectory directory;
  save_sample(directory.path(), 3);
  const auto found = find_newest(directory.path());
  std::filesystem::resize_file(found->directory / "state.h5", 100);
  SampleState state(0);

  EXPECT_EQ(failure_of([&] { load(*found, state.tensors()); }).code, ExitCode::bad_content);

  EXPECT_TRUE(state == SampleState(0));
}

}  // namespace
}  // namespace rondo::checkpoint
