// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/checkpoint/background.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/sample_state.hpp"
#include "io/hdf5.hpp"
#include "io/hdf5_library.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::checkpoint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(BackgroundSaver, writes_what_the_tensors_held_when_it_was_started) {
  const test::TemporaryDirectory directory;
  BackgroundSaver saver;
  SampleState state(7, 4096);

  {
    const io::Hdf5Scope nothing_is_written_yet;
    saver.start(directory.path(), 7, state.tensors(), sample_metadata);
    for (Tensor& tensor : state.tensors())
      std::ranges::fill(tensor.data, 0.0F);
  }
  saver.wait();

  SampleState loaded(0, 4096);
  load(*find_newest(directory.path()), loaded.tensors());
  EXPECT_TRUE(loaded == SampleState(7, 4096));
}

TEST(BackgroundSaver, has_one_save_under_way_and_completes_all) {
  const test::TemporaryDirectory directory;
  {
    BackgroundSaver saver;
    for (const std::uint64_t step : {1U, 2U, 3U}) {
      SampleState state(step);
      saver.start(directory.path(), step, state.tensors(), sample_metadata);
    }
  }
  EXPECT_THAT(names_in(directory.path()),
              ElementsAre("step-00000001", "step-00000002", "step-00000003"));
  EXPECT_TRUE(loads_as_saved(*find_newest(directory.path())));
}

TEST(BackgroundSaver, keeps_its_memory_for_states_of_other_sizes) {
  const test::TemporaryDirectory directory;
  BackgroundSaver saver;
  for (const std::size_t width : {50U, 5U, 500U}) {
    SampleState state(width, width);
    saver.start(directory.path(), width, state.tensors(), sample_metadata);
    saver.wait();

    const Found found{directory.path() / fmt::format("step-{:08}", width), width, {}};
    SampleState loaded(0, width);
    load(found, loaded.tensors());
    EXPECT_TRUE(loaded == SampleState(width, width));
  }
}

TEST(BackgroundSaver, hands_a_failure_over_once_and_starts_nothing_before) {
  const test::TemporaryDirectory directory;
  const auto blocked = directory.path() / "file";
  std::ofstream(blocked) << "x";
  BackgroundSaver saver;
  SampleState state(1);

  saver.start(blocked, 1, state.tensors(), sample_metadata);
  const Failure failure = failure_of(
      [&] { saver.start(directory.path() / "run", 2, state.tensors(), sample_metadata); });

  EXPECT_EQ(failure.code, ExitCode::cannot_create);
  EXPECT_THAT(failure.text, HasSubstr(blocked.string()));
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "run"));
  EXPECT_NO_THROW(saver.wait());
}

TEST(BackgroundSaver, logs_a_failure_that_nobody_asked_for) {
  const test::TemporaryDirectory directory;
  std::ofstream(directory.path() / "file") << "x";
  SampleState state(1);

  testing::internal::CaptureStderr();
  {
    BackgroundSaver saver;
    saver.start(directory.path() / "file", 1, state.tensors(), sample_metadata);
  }

  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("a checkpoint was not written"));
}

TEST(BackgroundSaver, leaves_hdf5_to_others_meanwhile) {
  const test::TemporaryDirectory directory;
  save_sample(directory.path() / "other", 1);
  const auto file = directory.path() / "other" / "step-00000001" / "state.h5";
  BackgroundSaver saver;
  SampleState state(2, 20'000);

  for (std::uint64_t step = 1; step <= 3; ++step) {
    saver.start(directory.path() / "run", step, state.tensors(), sample_metadata);
    for (int round = 0; round < 10; ++round) {
      std::vector<float> values(70);
      io::Hdf5File::open(file).dataset("parameter/fc.weight").read(std::span(values));
      EXPECT_EQ(std::memcmp(values.data(), SampleState(1).tensors()[2].data.data(), 280), 0);
    }
  }
  saver.wait();
  EXPECT_EQ(find_newest(directory.path() / "run")->step, 3U);
}

}  // namespace
}  // namespace rondo::checkpoint
