// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// How the trainer lives as a job: alone in its directory, stopped by signals and by the clock.

#include <cstdint>
#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "apps/job_training.hpp"

namespace rondo::test {
namespace {

using testing::HasSubstr;

class TrainJob : public JobTraining {
 protected:
  /// Runs `script` while an endless training on two ranks has made its first steps; $job is its
  /// mpirun. Afterwards what became of the job is in the output: `job ended with CODE`.
  static ProgramResult while_training(const std::string& run, const std::string& script) {
    return run_program(fmt::format(R"(
      {} >{}.log 2>&1 & job=$!
      for _ in $(seq 1200); do grep -qs '"event":"step"' {}/metrics.ndjson && break; sleep 0.1; done
      {}
      wait $job; echo job ended with $?
      cat {}.log >&2)",
                                   mpirun(2, trainer(run, "--epochs 100000")), run, run, script,
                                   run));
  }

  static int milliseconds_behind(const std::string& output, const std::string& text) {
    const std::size_t place = output.find(text);
    if (place != std::string::npos) return std::stoi(output.substr(place + text.size()));
    ADD_FAILURE() << "expected '" << text << "' in: " << output;
    return 0;
  }
};

TEST_F(TrainJob, on_a_directory_in_use_is_73_at_once_and_names_the_holder) {
  const std::string run = output("used");

  // What a program takes that leaves for another reason tells how busy the machine is.
  const ProgramResult result = while_training(
      run, fmt::format("begin=$(date +%s%N); {} --data /none --output {}.other 2>/dev/null; "
                       "echo usual $? after $((($(date +%s%N) - begin) / 1000000)); "
                       "begin=$(date +%s%N); {} 2>{}.second; "
                       "echo second $? after $((($(date +%s%N) - begin) / 1000000)); "
                       "kill -USR1 $job",
                       RONDO_TRAIN_IMAGE_PROGRAM, run, trainer(run, "--epochs 1"), run));

  EXPECT_LT(milliseconds_behind(result.out, "second 73 after "),
            1000 + 3 * milliseconds_behind(result.out, "usual 66 after "));
  EXPECT_THAT(result.out, HasSubstr("job ended with 75")) << "the first goes on undisturbed";
  const ProgramResult message = run_program("cat " + run + ".second");
  EXPECT_THAT(message.out, HasSubstr("in use by process"));
  EXPECT_FALSE(std::filesystem::exists(run + "/lock"));
}

TEST_F(TrainJob, that_was_killed_leaves_a_lock_that_its_successor_takes_over) {
  const std::string run = output("killed");
  const ProgramResult result =
      while_training(run, "kill -9 $(sed 's/.*process\":\\([0-9]*\\).*/\\1/' " + run + "/lock)");
  EXPECT_THAT(result.out, HasSubstr("job ended with 137"));

  const ProgramResult next = train(2, run, "--epochs 100000 --steps 3 --resume");

  EXPECT_THAT(next.err, HasSubstr("which is gone: taken over"));
  EXPECT_EQ(next.code, 0) << next.err;
}

TEST_F(TrainJob, refused_for_its_options_leaves_nothing) {
  const std::string run = output("refused");

  EXPECT_EQ(train(2, run, "--momentum 0.5 --optimizer adamw").code, 78);
  EXPECT_FALSE(std::filesystem::exists(run));
}

TEST_F(TrainJob, stops_by_a_signal_to_mpirun_with_75_and_goes_on_with_the_same_bits) {
  const std::string run = output("signalled");
  const ProgramResult result = while_training(run, "kill -USR1 $job");
  EXPECT_THAT(result.out, HasSubstr("job ended with 75")) << result.err;
  EXPECT_EQ(last_event(run, "end")["stop"], "signal");

  const auto step = last_event(run, "end")["step"].get<std::uint64_t>();
  const std::string both = fmt::format("--epochs 100000 --steps {} ", step + 3);
  EXPECT_EQ(train(1, run, both + "--resume").code, 0);
  const std::string whole = output("not-signalled");
  EXPECT_EQ(train(3, whole, both).code, 0);
  EXPECT_EQ(final_hash(run), final_hash(whole));
}

TEST_F(TrainJob, ends_at_once_by_a_second_interrupt) {
  const std::string run = output("interrupted");
  // With rank 1 stopped, no step ends any more.
  const ProgramResult result = while_training(run, fmt::format(R"(
      first=$(sed 's/.*process":\([0-9]*\).*/\1/' {}/lock)
      for p in $(cat /proc/$job/task/*/children); do [ $p = $first ] || kill -STOP $p; done
      sleep 0.5; kill -INT $first; sleep 0.5
      kill -0 $first && echo lives after one
      kill -INT $first)",
                                                               run));

  EXPECT_THAT(result.out, HasSubstr("lives after one"));
  EXPECT_THAT(result.out, HasSubstr("job ended with 130"));
  EXPECT_LT(result.seconds, 60);
}

TEST_F(TrainJob, ends_before_its_max_time_with_75_and_goes_on_with_the_same_bits) {
  const std::string run = output("timed");
  // The time counts from the trainer's start: what mpirun takes before and after is not in it.
  const std::string timed = fmt::format(
      "sh -c 'begin=$(date +%s%N); {}; code=$?; "
      "echo lasted $((($(date +%s%N) - begin) / 1000000)); exit $code'",
      trainer(run, "--epochs 100000 --max-time 10s"));

  const ProgramResult result = run_program(mpirun(2, timed));

  EXPECT_EQ(result.code, 75) << result.err;
  EXPECT_LT(milliseconds_behind(result.out, "lasted "), 10'000);
  EXPECT_GT(milliseconds_behind(result.out, "lasted "), 5'000) << "most of the time is used";
  EXPECT_THAT(result.err, HasSubstr("--max-time gives this run"));
  EXPECT_EQ(last_event(run, "end")["stop"], "wall time");

  const auto step = last_event(run, "end")["step"].get<std::uint64_t>();
  const std::string both = fmt::format("--epochs 100000 --steps {} ", step + 3);
  EXPECT_EQ(train(2, run, both + "--resume").code, 0);
  const std::string whole = output("not-timed");
  EXPECT_EQ(train(2, whole, both).code, 0);
  EXPECT_EQ(final_hash(run), final_hash(whole));
}

TEST_F(TrainJob, with_a_time_that_is_none_is_2) {
  const ProgramResult result = run_program(trainer(output("never"), "--max-time 1:30"));

  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("such as 90s or 1h30m"));
}

}  // namespace
}  // namespace rondo::test
