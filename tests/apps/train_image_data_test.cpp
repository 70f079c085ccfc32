// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// How the trainer reads: its options, what it says of it, and --stage, in the real program.

#include <chrono>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/train_image_data_runs.hpp"
#include "support/io_errors.hpp"
#include "support/small_disk.hpp"

namespace rondo::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;

TEST_F(TrainImageData, says_what_it_read_how_long_it_waited_and_what_memory_that_took) {
  const ProgramResult result = train("told", "");

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, ContainsRegex("epoch 1/2.*read [12]\\.[0-9]+ of the data set, waited "));
  EXPECT_THAT(result.out, ContainsRegex("loader a rank +[0-9.]+ MiB of [0-9.]+ planned"));
  // Two ranks read at most 15 + 1 of 15 chunks; of the second epoch some are still held.
  EXPECT_THAT(ratios("told", "read"), ElementsAre(AllOf(Ge(0.99), Le(1.07)), Le(1.07)));
  const json reading = events("told", "reading").at(0);
  EXPECT_GE(reading["wait_share"], 0);
  EXPECT_LE(reading["wait_share"], 1);
  EXPECT_LE(reading["queue_depth"], 4);
  const json end = events("told", "end").at(0);
  EXPECT_GT(end["loader_bytes"], 0);
  EXPECT_GE(end["loader_planned_bytes"], 300 * 144);
}

TEST_F(TrainImageData, gives_the_same_bits_however_it_reads_and_others_with_noise) {
  ASSERT_EQ(train("direct", "--read direct --loader-threads 3 --prefetch 1").code, 0);
  ASSERT_EQ(train("library", "--read library --loader-threads 1").code, 0);
  ASSERT_EQ(train("noise", "--noise 0.1").code, 0);
  ASSERT_EQ(train("noise-alone", "--noise 0.1 --read library", 1).code, 0);

  EXPECT_EQ(hash("library"), hash("direct"));
  EXPECT_NE(hash("noise"), hash("direct"));
  EXPECT_EQ(hash("noise-alone"), hash("noise"));
}

TEST_F(TrainImageData, gives_the_same_bits_where_all_ranks_read_together) {
  ASSERT_EQ(train("alone", "--window 2").code, 0);
  for (const int ranks : {1, 2, 4}) {
    const std::string run = fmt::format("together-{}", ranks);
    const ProgramResult result = train(run, "--window 2 --read collective", ranks);
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(hash(run), hash("alone"));
    EXPECT_THAT(ratios(run, "read"), testing::Each(Le(1.27)));  // at most 15 + 3 of 15 chunks
    EXPECT_GE(ratios(run, "read").at(0), 0.99);
  }
}

TEST_F(TrainImageData, ends_with_65_where_one_of_the_ranks_that_read_together_cannot) {
  const std::string data = path("shrinking.h5");
  ASSERT_EQ(convert(data).code, 0);
  std::string command = trainer("shrinking", "--window 1 --read collective", data);
  command.replace(command.find("--epochs 2"), 10, "--epochs 10000");
  auto run = std::async(std::launch::async, [&] { return run_program(mpirun(2, command)); });
  while (!fs::exists(path("shrinking/curve.svg")) &&  // comes with the first epoch's end
         run.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
  }
  fs::resize_file(data, fs::file_size(data) / 2);

  const ProgramResult result = run.get();
  EXPECT_EQ(result.code, 65);
  EXPECT_THAT(result.err, ContainsRegex("shrinking.h5: train/image: chunk .* is truncated"));
}

TEST_F(TrainImageData, ends_with_65_where_one_of_the_ranks_that_read_together_finds_damage) {
  const std::string data = path("damaged.h5");
  ASSERT_EQ(convert(data).code, 0);
  damage(data, read_file(path("idx/train-images-idx3-ubyte")).substr(16 + 150 * 144, 144));

  const ProgramResult result = train("damaged", "--read collective", 2, data);

  EXPECT_EQ(result.code, 65);
  EXPECT_THAT(result.err, ContainsRegex("damaged.h5.*chunk 7 "));
}

TEST_F(TrainImageData, goes_on_with_the_noise_it_had_only) {
  ASSERT_EQ(train("resumed", "--steps 2 --noise 0.1").code, 0);
  const ProgramResult other = train("resumed", "--resume");

  EXPECT_NE(other.code, 0);
  EXPECT_THAT(other.err, HasSubstr("noise"));
}

TEST_F(TrainImageData, reads_nothing_from_the_file_once_all_is_staged) {
  ASSERT_EQ(train("not-staged", "").code, 0);
  ASSERT_EQ(train("stage-1", stage("disk")).code, 0);
  const ProgramResult result = train("stage-2", stage("disk"), 3);

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("read 0.00 of the data set and "));
  EXPECT_GE(ratios("stage-1", "read").at(0), 0.49);
  EXPECT_THAT(ratios("stage-2", "read"), ElementsAre(0, 0));
  EXPECT_GE(ratios("stage-2", "staged").at(0), 0.99);
  const json reading = events("stage-2", "reading").at(0);
  EXPECT_EQ(reading["read_chunks"], 0);
  EXPECT_GE(reading["staged_chunks"], 15);
  EXPECT_EQ(reading["read_bytes"], 0);
  EXPECT_GE(reading["staged_bytes"], 300 * 144);
  EXPECT_EQ(hash("stage-1"), hash("not-staged"));
  EXPECT_EQ(hash("stage-2"), hash("not-staged"));
}

TEST_F(TrainImageData, reads_the_file_when_it_is_another_than_was_staged) {
  const std::string data = path("replaced.h5");
  ASSERT_EQ(convert(data).code, 0);
  ASSERT_EQ(train("replaced-1", stage("replaced"), 1, data).code, 0);
  ASSERT_EQ(convert(path("new.h5")).code, 0);
  fs::rename(path("new.h5"), data);
  ASSERT_EQ(train("replaced-2", stage("replaced"), 1, data).code, 0);

  EXPECT_THAT(ratios("replaced-2", "read"), ElementsAre(Ge(0.99), 0));
}

TEST_F(TrainImageData, a_flipped_bit_is_65_naming_the_samples) {
  const std::string data = path("flipped.h5");
  fs::copy_file(data_file(), data);
  constexpr std::size_t header_bytes = 16, image_bytes = 144, sample = 50;
  const std::string image = read_file(path("idx/train-images-idx3-ubyte"))
                                .substr(header_bytes + sample * image_bytes, image_bytes);
  damage(data, image);

  const ProgramResult direct = train("flipped", "--read direct", 2, data);
  const ProgramResult library = train("flipped-library", "--read library", 2, data);

  EXPECT_EQ(direct.code, 65);
  EXPECT_THAT(direct.err, HasSubstr(data + ": train/image: chunk 2 (samples 40 to 59) is damaged"));
  EXPECT_EQ(library.code, 65);
  EXPECT_THAT(library.err, HasSubstr(data + ": train/image: cannot read rows 40 to 59"));
}

TEST_F(TrainImageData, trains_on_when_the_stage_is_full) {
  const SmallDisk disk("36k");
  if (!disk.failure().empty()) GTEST_SKIP() << disk.failure();
  const ProgramResult result =
      train("full", fmt::format("--stage {} --stage-budget 1G", disk.path().string()));

  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("No space left on device"));
}

TEST_F(TrainImageData, a_stage_without_budget_or_of_another_way_of_reading_is_78) {
  const ProgramResult without = train("refused", "--stage " + path("disk"));
  const ProgramResult alone = train("refused", "--stage-budget 2G");
  const ProgramResult library = train("refused", stage("disk") + " --read library");
  const ProgramResult file = train("refused", "--stage-budget 1G --stage " + data_file());
  const ProgramResult together = train("refused", stage("disk") + " --read collective");

  EXPECT_EQ(without.code, 78);
  EXPECT_THAT(without.err, HasSubstr("--stage-budget 200G"));
  EXPECT_EQ(alone.code, 78);
  EXPECT_EQ(library.code, 78);
  EXPECT_THAT(library.err, HasSubstr("--read library"));
  EXPECT_EQ(together.code, 78);
  EXPECT_EQ(file.code, 73);
  EXPECT_THAT(file.err, HasSubstr("small.h5"));
}

}  // namespace
}  // namespace rondo::test
