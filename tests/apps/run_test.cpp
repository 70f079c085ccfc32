// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-run as its users see it: a training that is killed and comes back.

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "apps/job_training.hpp"

namespace rondo::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class Run : public JobTraining {
 protected:
  static std::string rondo_run(const std::string& options, const std::string& program) {
    return fmt::format("{} --back-off 0.1 --mpirun {} {} -- {}", RONDO_RUN_PROGRAM, launcher(),
                       options, program);
  }
  /// mpirun as the tests need it, on this machine whatever hosts are named.
  static std::string launcher() {
    const std::string file = output("launcher");
    const std::string command = mpirun(1, "");
    write_script(file, "ranks=$2; [ $3 = --host ] && shift 2; shift 2; exec " +
                           command.substr(0, command.rfind(" -np")) + " -np $ranks \"$@\"");
    return file;
  }
  static void write_script(const std::string& file, const std::string& text) {
    std::ofstream(file) << "#!/bin/sh\n" << text << "\n";
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }
  static std::vector<nlohmann::json> lives(const std::string& run) {
    return lines_of(std::filesystem::path(run) / "runs.ndjson");
  }
  /// A shell command that waits for the first checkpoint of a life, and a bit more.
  static std::string wait_for_checkpoint(const std::string& run) {
    static std::mt19937 random(std::random_device{}());
    return fmt::format(
        "for _ in $(seq 1200); do ls {}/checkpoints/* >/dev/null 2>&1 && break; "
        "sleep 0.1; done; sleep 0.{}; ",
        run, random() % 5 + 1);
  }
  /// Shell: the ranks are the children of the launcher, which is the child of $runner.
  static constexpr const char* find_ranks =
      "launcher=$(echo $(cat /proc/$runner/task/*/children)); "
      "ranks=$(echo $(cat /proc/$launcher/task/*/children))";
};

TEST_F(Run, that_needs_no_help_is_one_life) {
  const std::string run = output("one-life");

  const ProgramResult result = run_program(rondo_run("-np 2", trainer(run, "--epochs 1")));

  EXPECT_EQ(result.code, 0) << result.err;
  ASSERT_EQ(lives(run).size(), 1U);
  const auto life = lives(run)[0];
  EXPECT_EQ(life["ranks"], 2);
  EXPECT_EQ(life["code"], 0);
  EXPECT_EQ(life["first_step"], 0);
  EXPECT_EQ(life["last_step"], 5);
  EXPECT_EQ(life["reason"], "finished");
  EXPECT_FALSE(life["restart"].get<bool>());
}

TEST_F(Run, goes_on_with_fewer_ranks_after_a_kill_and_ends_with_the_same_bits) {
  const std::string run = output("killed-run");
  const std::string course = "--epochs 100000 ";
  // How many steps there are is decided when the first life has been stopped in the middle.
  const std::string steps = output("steps");
  const std::string program = fmt::format("sh -c 'exec {} $(cat {})' trainer --output {}",
                                          trainer(run, course + "--resume"), steps, run);
  // The second host is lost with the rank that is killed.
  const std::string probe = output("probe");
  write_script(probe, fmt::format("[ $1 = localhost ] || [ ! -e {} ]", output("host-lost")));
  const std::string command =
      rondo_run(fmt::format("-np 4 --min-ranks 2 --hosts localhost,elsewhere --probe {} "
                            "--resume-option ''",
                            probe),
                program);

  const ProgramResult result = run_program(fmt::format(
      "touch {0}; {1} & runner=$!; {2} {3}; kill -STOP $ranks; "
      "printf -- '--steps %d' $(($(grep -c '\"event\":\"step\"' {4}/metrics.ndjson) + 20)) >{0}; "
      "touch {5}; kill -9 ${{ranks##* }}; wait $runner",
      steps, command, wait_for_checkpoint(run), find_ranks, run, output("host-lost")));

  EXPECT_EQ(result.code, 0) << result.err;
  const auto all = lives(run);
  ASSERT_EQ(all.size(), 2U) << result.err;
  EXPECT_EQ(all[0]["ranks"], 4);
  EXPECT_EQ(all[0]["signal"], 9);
  EXPECT_TRUE(all[0]["restart"].get<bool>());
  EXPECT_EQ(all[1]["ranks"], 2);
  EXPECT_EQ(all[1]["hosts"], "localhost:2");
  EXPECT_GT(all[1]["first_step"], 0) << "it goes on from a checkpoint";
  EXPECT_LE(all[1]["first_step"], all[0]["last_step"]);

  const std::string whole = output("undisturbed");
  ASSERT_EQ(train(2, whole, course + run_program("cat " + steps).out).code, 0);
  EXPECT_EQ(final_hash(run), final_hash(whole));
}

TEST_F(Run, hands_a_stop_on_and_does_not_restart) {
  for (const std::string signal : {"USR1", "TERM", "INT"}) {
    const std::string run = output("stopped-by-" + signal);
    // Background jobs of a shell ignore SIGINT unless something restores it.
    const std::string command =
        "env --default-signal=INT " + rondo_run("-np 2", trainer(run, "--epochs 100000"));

    const ProgramResult result =
        run_program(fmt::format("{} & runner=$!; {} kill -{} $runner; wait $runner", command,
                                wait_for_checkpoint(run), signal));

    EXPECT_EQ(result.code, 75) << result.err;
    ASSERT_EQ(lives(run).size(), 1U);
    EXPECT_EQ(lives(run)[0]["reason"], "stopped by SIG" + signal);
    EXPECT_EQ(last_event(run, "end")["stop"], "signal") << signal << ": " << result.err;
  }
}

TEST_F(Run, takes_a_stop_that_comes_before_mpi_has_started_for_one) {
  // Ranks wait for their options until somebody writes them.
  const std::string config = output("config");
  ASSERT_EQ(::mkfifo(config.c_str(), 0600), 0);
  for (const std::string signal : {"USR1", "TERM"}) {
    const std::string run = output("stopped-at-once-by-" + signal);
    const std::string command = rondo_run("-np 2", trainer(run, "--config " + config));

    const ProgramResult result = run_program(fmt::format(
        "{} & runner=$!; exec 3>{}; kill -{} $runner; wait $runner", command, config, signal));

    EXPECT_EQ(result.code, 75) << result.err;
    ASSERT_EQ(lives(run).size(), 1U);
    EXPECT_EQ(lives(run)[0]["reason"], "stopped by SIG" + signal);
    EXPECT_EQ(lives(run)[0]["signal"], SIGUSR1) << "no handler was there yet";
    EXPECT_FALSE(lives(run)[0]["restart"].get<bool>());
  }
}

TEST_F(Run, does_not_restart_a_run_that_stopped_for_its_wall_time) {
  const std::string run = output("timed-run");

  const ProgramResult result =
      run_program(rondo_run("-np 2", trainer(run, "--epochs 100000 --max-time 5s")));

  EXPECT_EQ(result.code, 75);
  EXPECT_EQ(lives(run).size(), 1U);
  EXPECT_EQ(lives(run)[0]["reason"], "stopped by wall time");
}

TEST_F(Run, does_not_restart_what_is_refused) {
  const std::string run = output("refused-run");

  const ProgramResult result =
      run_program(rondo_run("-np 2", trainer(run, "--optimizer adamw --momentum 0.5")));

  EXPECT_EQ(result.code, 78);
  ASSERT_EQ(lives(run).size(), 1U);
  EXPECT_EQ(lives(run)[0]["last_step"], -1);
}

TEST_F(Run, ends_when_a_failure_repeats_at_the_same_step) {
  const std::string run = output("repeating");
  // Dies after the step that it goes on from, every time.
  const std::string program =
      "sh -c '" + trainer(run, "--steps 3 --resume") + "; kill -9 $$' trainer --output " + run;

  const ProgramResult result = run_program(rondo_run("-np 1 --resume-option ''", program));

  EXPECT_EQ(result.code, 137) << result.err;
  EXPECT_EQ(lives(run).size(), 2U);
  EXPECT_THAT(result.err, HasSubstr("twice after step 3"));
}

TEST_F(Run, gives_up_when_too_few_hosts_answer) {
  const std::string run = output("no-hosts");

  const ProgramResult result =
      run_program(rondo_run("-np 2 --max-restarts 2 --hosts a,b --probe false", trainer(run, "")));

  EXPECT_EQ(result.code, 75);
  EXPECT_THAT(result.err, HasSubstr("0 of 2 hosts answer"));
  EXPECT_THAT(result.err, HasSubstr("no restart is left of 2"));
}

TEST_F(Run, ends_a_launcher_that_does_not_notice_a_lost_host) {
  const std::string run = output("deaf-launcher");
  // The first life loses its host and neither hears of it nor listens; the second one is well.
  const std::string launcher = output("deaf");
  write_script(launcher, fmt::format("[ -e {0} ] && exit 0; touch {0}; trap '' TERM; "
                                     "while :; do sleep 0.1; done",
                                     output("host-gone")));
  const std::string probe = output("probe-lost");
  write_script(probe, fmt::format("[ $1 = a ] || [ ! -e {} ]", output("host-gone")));

  const ProgramResult result = run_program(
      fmt::format("{} --back-off 0.1 --silence 1 --mpirun {} -np 2 --min-ranks 1 --hosts a,b "
                  "--probe {} --run-directory {} -- true",
                  RONDO_RUN_PROGRAM, launcher, probe, run));

  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("no step for 1 s, and no answer from b:1: this life is ended"));
  ASSERT_EQ(lives(run).size(), 2U);
  EXPECT_EQ(lives(run)[0]["lost_hosts"], "b:1");
  EXPECT_EQ(lives(run)[0]["signal"], 9);
  EXPECT_EQ(lives(run)[1]["hosts"], "a:1");
}

TEST_F(Run, leaves_no_process_when_it_is_killed_itself) {
  const std::string run = output("orphaned");

  const ProgramResult result = run_program(fmt::format(
      "{} & runner=$!; {} {}; kill -9 $runner; wait $runner; echo killed $ranks; "
      "for _ in $(seq 100); do kill -0 $ranks || break; sleep 0.1; done; "
      "for rank in $ranks; do kill -0 $rank && echo $rank is left; done",
      rondo_run("-np 2", trainer(run, "--epochs 100000")), wait_for_checkpoint(run), find_ranks));

  EXPECT_THAT(result.out, ContainsRegex("killed [0-9]+ [0-9]+"));
  EXPECT_THAT(result.out, Not(HasSubstr("is left")));
}

}  // namespace
}  // namespace rondo::test
