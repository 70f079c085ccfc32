// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// The event files of a run, as TensorBoard reads them.

#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/train_image_runs.hpp"

namespace rondo::test {
namespace {

using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

/// Prints a line of tag, step and value for each scalar.
constexpr std::string_view reader = R"(
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
events.Reload()
for tag in events.Tags()["scalars"]:
    for event in events.Scalars(tag):
        print(tag, event.step, event.value)
)";

using Curves = std::map<std::string, std::map<int, double>>;

Curves read_curves(const std::string& directory) {
  const ProgramResult result =
      run_program(fmt::format("python3 -c {} {}", shell_word(std::string(reader)), directory));
  EXPECT_EQ(result.code, 0) << result.err;
  Curves curves;
  std::istringstream lines(result.out);
  std::string tag;
  int step = 0;
  double value = 0;
  while (lines >> tag >> step >> value)
    EXPECT_TRUE(curves[tag].emplace(step, value).second) << tag << " has step " << step << " twice";
  return curves;
}

/// Floats of the metrics log's values, which are the last of each step.
std::map<int, double> in_float(std::map<int, double> values) {
  for (auto& [step, value] : values)
    value = static_cast<double>(static_cast<float>(value));
  return values;
}

void keep_only_the_oldest(const std::string& checkpoints) {
  std::set<std::filesystem::path> all;
  for (const auto& entry : std::filesystem::directory_iterator(checkpoints))
    if (entry.path().filename().string().starts_with("step-")) all.insert(entry.path());
  EXPECT_EQ(all.size(), 3U) << "of steps 3, 5 and 6";
  all.erase(all.begin());
  for (const auto& path : all)
    std::filesystem::remove_all(path);
}

TEST_F(TrainImage, writes_event_files_that_tensorboard_reads_across_lives) {
  const std::string run = output("curves");
  const std::string events = output("events");
  const std::string options =
      fmt::format("--lanes 4 --save-every 3 --tensorboard {} --output {}", events, run);
  ASSERT_EQ(train(2, options + " --steps 6").code, 0);
  // As if the run had been killed before the checkpoint of the epoch's end: steps 4 to 6 are made
  // again.
  keep_only_the_oldest(run + "/checkpoints");

  const ProgramResult resumed = train(2, options + " --resume --steps 8");

  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_THAT(resumed.out, HasSubstr(events));
  if (run_program("python3 -c 'import tensorboard'").code != 0)
    GTEST_SKIP() << "python3 has no module tensorboard";
  const Curves curves = read_curves(events);
  EXPECT_EQ(curves.at("train/loss"), in_float(losses(run)));
  for (const auto* tag : {"train/accuracy", "train/learning_rate", "train/samples_per_second",
                          "train/gradient_norm", "train/loss_scale"})
    EXPECT_EQ(curves.at(tag).size(), 8U) << tag;
  EXPECT_THAT(curves.at("validation/accuracy"), UnorderedElementsAre(Pair(5, testing::_)));
  EXPECT_THAT(curves.at("validation/loss"), UnorderedElementsAre(Pair(5, testing::_)));
}

TEST_F(TrainImage, a_directory_of_event_files_that_cannot_be_made_is_73) {
  const ProgramResult result =
      train(2, "--lanes 2 --steps 1 --tensorboard /proc/events --output " + output("no-events"));

  EXPECT_EQ(result.code, 73);
  EXPECT_THAT(result.err, HasSubstr("/proc/events"));
}

}  // namespace
}  // namespace rondo::test
