// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-data audit on runs made up line by line: 10 samples on 3 lanes of 2, so 4, 3 and 3 samples
// a lane and 2 steps an epoch.

#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "rondo/checkpoint/checkpoint.hpp"
#include "rondo/data/lane_sampler.hpp"

#include "support/io_errors.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class DataAudit : public testing::Test {
 protected:
  /// A life that begins at `first_step` and makes the steps up to `last_step`.
  void live(const std::string& id, const std::string& parent, int first_step, int last_step) {
    start(id, parent, first_step);
    for (int step = first_step + 1; step <= last_step; ++step)
      lines_.push_back(step_line(step));
  }
  void start(const std::string& id, const std::string& parent, int first_step, int seed = 1) {
    lines_.push_back(fmt::format(
        R"({{"event":"start","step":{},"ranks":2,"life":"{}","parent":"{}","order":{},)"
        R"("seed":{},"samples":10,"chunk":4,"lanes":3,"batch":2,"window":2,"data":"ten"}})",
        first_step, id, parent, data::LaneSampler::version, seed));
  }
  static std::string step_line(int step) {
    const bool is_first = step % 2 == 1;
    return fmt::format(R"({{"event":"step","step":{},"epoch":{},"position":{},"count":2,)"
                       R"("samples":{:.1f},"loss":1.5,"applied":true}})",
                       step, (step - 1) / 2, is_first ? 0 : 2, is_first ? 6.0 : 4.0);
  }

  /// The checkpoint that `life` left at `step`.
  void save(std::uint64_t step, const std::string& life, const std::string& ledger) const {
    checkpoint::save(run_ / "checkpoints", step, {},
                     {{"note.life", life},
                      {"note.ledger", ledger},
                      {"run.data", "ten"},
                      {"run.seed", "1"},
                      {"run.lanes", "3"},
                      {"run.batch", "2"},
                      {"run.order", fmt::format("version {}", data::LaneSampler::version)},
                      {"run.window", "2 chunks of 4"}});
  }

  ProgramResult audit(const std::string& options = "") const {
    std::filesystem::create_directories(run_);
    write_file(run_ / "metrics.ndjson", fmt::format("{}\n", fmt::join(lines_, "\n")));
    return run_program(fmt::format("{} audit {} {}", RONDO_DATA_PROGRAM, run_.string(), options));
  }

  TemporaryDirectory directory_;
  std::filesystem::path run_ = directory_.path() / "run";
  std::vector<std::string> lines_;
};

constexpr const char* five_steps = "0-1 0 0-3; 0-1 1-2 0-2; 2 0-2 0-1";

TEST_F(DataAudit, proves_a_run_in_one_life) {
  live("a", "", 0, 5);
  save(5, "a", five_steps);

  const ProgramResult result = audit();

  EXPECT_EQ(result.code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("2 complete, and 6 of 10 samples of the next"));
  EXPECT_THAT(result.out, HasSubstr("every sample was used exactly once"));
  EXPECT_THAT(result.out, HasSubstr("enumerated  3 epochs"));
}

TEST_F(DataAudit, does_not_count_what_lives_have_lost) {
  live("a", "", 0, 3);
  live("b", "a", 2, 5);  // step 3 of a is lost
  live("c", "b", 4, 4);  // dies at once
  live("d", "b", 4, 7);  // step 5 of b is lost
  live("e", "d", 5, 5);  // the parameters are older than its metrics
  save(5, "d", five_steps);

  const ProgramResult result = audit("--json");

  ASSERT_EQ(result.code, 0) << result.out << result.err;
  const json found = json::parse(result.out);
  EXPECT_EQ(found["exact"], true);
  std::vector<int> kept;
  for (const json& life : found["lives"])
    kept.push_back(life["kept_up_to"]);
  EXPECT_THAT(kept, testing::ElementsAre(2, 4, 4, 5, 5));
}

TEST_F(DataAudit, finds_a_step_that_is_recorded_twice) {
  live("a", "", 0, 3);
  lines_.push_back(step_line(3));
  live("b", "a", 3, 5);
  save(5, "b", five_steps);

  const ProgramResult result = audit();

  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out,
              HasSubstr("metrics: epoch 1, lanes 0-2, positions 0-1: used twice (samples "));
  EXPECT_THAT(result.out, HasSubstr("; life a)"));
  EXPECT_THAT(result.out, HasSubstr("verdict     1 exceptions"));
}

TEST_F(DataAudit, finds_a_step_that_no_kept_life_has_made) {
  live("a", "", 0, 2);
  live("b", "a", 3, 5);
  save(5, "b", five_steps);

  const ProgramResult result = audit("--json");

  EXPECT_EQ(result.code, 1);
  const json found = json::parse(result.out);
  ASSERT_EQ(found["exception_count"], 1);
  const json& exception = found["exceptions"][0];
  EXPECT_EQ(exception["problem"], "never used");
  EXPECT_EQ(exception["epochs"], json::parse("[1, 1]"));
  EXPECT_EQ(exception["positions"], json::parse("[0, 1]"));
  std::size_t samples = 0;
  for (const json& range : exception["samples"])
    samples += range[1].get<std::size_t>() - range[0].get<std::size_t>() + 1;
  EXPECT_EQ(samples, 6U);
}

TEST_F(DataAudit, finds_a_whole_epoch_left_out_and_one_too_many) {
  start("a", "", 0);
  for (const int step : {1, 2, 5})
    lines_.push_back(step_line(step));
  std::string ahead = step_line(7);
  ahead.replace(ahead.find("\"step\":7"), 8, "\"step\":4");
  lines_.push_back(ahead);
  save(5, "a", five_steps);

  const ProgramResult result = audit();

  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, HasSubstr("epoch 1, lanes 0-2, positions 0-3: never used"));
  EXPECT_THAT(result.out, HasSubstr("epoch 3, lanes 0-2, positions 0-1: used ahead"));
}

TEST_F(DataAudit, finds_what_the_ledger_of_the_ranks_holds_amiss) {
  const std::vector<std::pair<std::string, std::string>> planted{
      {"0-1 0 0-3; 0-1 1-2 0-2; 2 0 0-1,0-1; 2 1-2 0-1",
       "checkpoint: epoch 2, lane 0, positions 0-1: used twice"},
      {"0 0 0-3; 0 1-2 0-2; 1 0 0-3; 1 1 0-1; 1 2 0-2; 2 0-2 0-1",
       "checkpoint: epoch 1, lane 1, position 2: never used"},
      {"0 0 0-3; 0 1-2 0-2; 2 0-2 0-1", "checkpoint: epoch 1, lane 0, positions 0-3: never used"},
      {"0-1 0 0-3; 0-1 1-2 0-2; 2 0 0-1; 2 2 0-1",
       "checkpoint: epoch 2, lane 1, positions 0-1: never used"},
      {"0-2 0 0-3; 0-2 1-2 0-2", "checkpoint: epoch 2, lane 0, positions 2-3: used ahead"},
      {"0-1 0-2 0-3; 2 0-2 0-1", "checkpoint: epochs 0-1, lanes 1-2, position 3: used ahead"},
      {"0-1 0 0-3; 0-1 1-2 0-2; 2 0-3 0-1", "checkpoint: holds lane 3 of 3"},
      {"", "checkpoint: epochs 0-1, lane 0, positions 0-3: never used"}};
  live("a", "", 0, 5);
  for (const auto& [ledger, complaint] : planted) {
    SCOPED_TRACE(ledger);
    save(5, "a", ledger);

    const ProgramResult result = audit();

    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.out, HasSubstr(complaint));
    EXPECT_THAT(result.out, Not(HasSubstr("metrics:")));
  }
}

TEST_F(DataAudit, finds_a_step_whose_lanes_summed_other_samples) {
  live("a", "", 0, 5);
  lines_[2].replace(lines_[2].find("4.0"), 3, "3.0");
  save(5, "a", five_steps);

  const ProgramResult result = audit();

  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, HasSubstr("line 3: step 2 summed 3 samples, its positions hold 4"));
}

TEST_F(DataAudit, finds_lives_that_do_not_hang_together) {
  live("b", "a", 2, 5);
  save(5, "b", five_steps);
  const ProgramResult orphan = audit();
  EXPECT_EQ(orphan.code, 1);
  EXPECT_THAT(orphan.out, HasSubstr("life a, which made step 2, does not stand before"));

  lines_.clear();
  start("a", "", 0, 7);
  lines_.insert(lines_.end(), {step_line(1), step_line(2)});
  live("b", "a", 2, 5);
  const ProgramResult other_seed = audit();
  EXPECT_EQ(other_seed.code, 1);
  EXPECT_THAT(other_seed.out, HasSubstr("line 1: another order or other data than in life b"));

  lines_.clear();
  live("b", "b", 2, 5);
  EXPECT_EQ(audit().code, 1);
}

TEST_F(DataAudit, tells_of_steps_that_updated_nothing) {
  live("a", "", 0, 5);
  lines_[4].replace(lines_[4].find("true"), 4, "false");
  save(5, "a", five_steps);

  const ProgramResult result = audit();

  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, HasSubstr("skipped     1 steps"));
}

TEST_F(DataAudit, passes_over_lines_that_a_dying_machine_left_unfinished) {
  live("a", "", 0, 3);
  lines_.push_back(step_line(4).substr(0, 30));
  live("b", "a", 3, 5);
  lines_.push_back(step_line(6).substr(0, 30));
  save(5, "b", five_steps);

  EXPECT_EQ(audit().code, 0);
}

TEST_F(DataAudit, refuses_broken_lines_naming_them) {
  const std::string start_line =
      R"({"event":"start","step":0,"ranks":2,"life":"a","parent":"","order":1,"seed":1,)"
      R"("samples":10,"chunk":4,"lanes":3,"batch":2,"window":2,"data":"ten"})";
  const auto with = [&](const std::string& part, const std::string& other) {
    std::string line = start_line;
    return line.replace(line.find(part), part.size(), other);
  };
  const std::vector<std::pair<std::string, std::string>> broken{
      {"not json", ":2: expected a JSON object"},
      {"[1, 2]", ":2: expected a JSON object"},
      {"", ":2: expected a JSON object"},
      {std::string(70000, 'x'), ":2: expected a JSON object of at most 65536 bytes"},
      {std::string(60000, '['), ":2: expected a JSON object"},
      {start_line, ":2: a start with the id a of line 1"},
      {with("\"lanes\":3", "\"lanes\":0"), "'lanes': expected a whole number from 1 to"},
      {with("\"lanes\":3", "\"lanes\":1e99"), "'lanes': expected a whole number from 1 to"},
      {with("\"samples\":10", "\"samples\":-10"), "'samples': expected a whole number from 1"},
      {with("\"life\":\"a\"", "\"life\":7"), "'life': expected a text, found 7"},
      {with("\"life\":\"a\",", ""), "found nothing (a run of an older release cannot be audited)"},
      {R"({"event":"step","step":1})", "'epoch': expected a whole number"},
      {R"({"event":"step","step":1,"epoch":0,"position":11,"count":2})", "'position': expected"},
      {R"({"event":"step","step":1,"epoch":0,"position":0,"count":3})", "'count': expected"},
      {R"({"event":"step","step":0})", "'step': expected a whole number from 1"}};
  for (const auto& [line, complaint] : broken) {
    SCOPED_TRACE(line.substr(0, 80));
    lines_ = {start_line, line, step_line(1)};
    save(1, "a", "0 0-2 0-1");

    const ProgramResult result = audit();

    EXPECT_EQ(result.code, 65) << result.out;
    EXPECT_THAT(result.err, HasSubstr("metrics.ndjson:2"));
    EXPECT_THAT(result.err, HasSubstr(complaint));
    EXPECT_LT(result.seconds, 5);
  }
}

TEST_F(DataAudit, refuses_a_directory_without_a_run) {
  EXPECT_EQ(run_program(fmt::format("{} audit /nowhere", RONDO_DATA_PROGRAM)).code, 66);

  live("a", "", 0, 5);
  const ProgramResult no_checkpoint = audit();
  EXPECT_EQ(no_checkpoint.code, 66);
  EXPECT_THAT(no_checkpoint.err, HasSubstr("holds no checkpoint"));

  lines_ = {step_line(1)};
  EXPECT_EQ(audit().code, 65);
  lines_ = {"{}"};
  EXPECT_EQ(audit().code, 65);
}

TEST_F(DataAudit, refuses_a_checkpoint_without_a_good_ledger) {
  live("a", "", 0, 5);
  save(5, "a", "nonsense");
  const ProgramResult nonsense = audit();
  EXPECT_EQ(nonsense.code, 65);
  EXPECT_THAT(nonsense.err, HasSubstr("found 'nonsense'"));

  save(5, "z", five_steps);
  const ProgramResult unknown = audit();
  EXPECT_EQ(unknown.code, 65);
  EXPECT_THAT(unknown.err, HasSubstr("has no start of life z"));

  checkpoint::save(run_ / "checkpoints", 6, {}, {});
  const ProgramResult old = audit();
  EXPECT_EQ(old.code, 65);
  EXPECT_THAT(old.err, HasSubstr("older release"));
}

}  // namespace
}  // namespace rondo::test
