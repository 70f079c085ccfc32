// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-scale as its users see it. What it measures on a busy machine means little: the tests look
// at causes that are far larger than noise.

#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "support/idx_files.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::test {
namespace {

using testing::HasSubstr;

class Scale : public testing::Test {
 protected:
  Scale() { std::ofstream(model()) << "model small\nfirst 20000 1000\nlast 40000 1000\n"; }
  std::string file(const std::string& name) const { return (directory_.path() / name).string(); }
  std::string model() const { return file("model.txt"); }

  ProgramResult scale(int ranks, const std::string& options) const {
    return run_program(mpirun(
        ranks, fmt::format("{} --json {} {}", RONDO_SCALE_PROGRAM, file("out.json"), options)));
  }
  nlohmann::json figures() const { return nlohmann::json::parse(std::ifstream(file("out.json"))); }
  /// Two ranks, with causes that the options rehearse: the figures of both together.
  nlohmann::json rehearse(const std::string& options) const {
    const ProgramResult result = scale(
        2, fmt::format("--model {} --computing 0.006 --repeats 2 --steps 10 {}", model(), options));
    EXPECT_EQ(result.code, 0) << result.err;
    return figures()["counts"][1];
  }

 private:
  TemporaryDirectory directory_;
};

/// The greatest of the lost parts.
std::string cause(const nlohmann::json& count) {
  std::string greatest = "computing";
  for (const auto& [part, share] : count["lost"].items())
    if (share > count["lost"][greatest]) greatest = part;
  return greatest;
}

double sum(const nlohmann::json& parts) {
  double all = 0;
  for (const auto& part : parts)
    all += part.get<double>();
  return all;
}

TEST_F(Scale, measures_every_rank_count_and_explains_each_step) {
  const ProgramResult result =
      scale(3, fmt::format("--model {} --computing 0.006 --repeats 2 --ranks 1,2,3", model()));

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("weak scaling of"));
  const auto counts = figures()["counts"];
  ASSERT_EQ(counts.size(), 3U);
  for (const auto& count : counts) {
    EXPECT_GE(count["step_seconds"]["median"], 0.0059);
    EXPECT_EQ(count["rounds_seconds"].size(), 2U);
    EXPECT_EQ(count["steps_seconds"].size(), 10U);
    const double whole = sum(count["parts_seconds"]);
    EXPECT_LE(std::abs(count["parts_seconds"]["other"].get<double>()), 0.02 * whole) << count;
  }
  EXPECT_FALSE(figures()["timeline"]["buckets"].empty());
}

TEST_F(Scale, names_a_rank_that_computes_longer) {
  const auto count = rehearse("--straggler 1:10");

  EXPECT_EQ(cause(count), "arrival_skew") << count;
  EXPECT_EQ(count["last_rank"]["rank"], 1);
  EXPECT_EQ(count["last_rank"]["cause"], "arrival_skew");
  EXPECT_TRUE(count["last_rank"]["chronic"].get<bool>());
}

TEST_F(Scale, names_a_slow_reader) {
  const auto count = rehearse("--reading 0.06 --slow-reader 1");

  EXPECT_EQ(cause(count), "data_wait") << count;
  EXPECT_EQ(count["last_rank"]["rank"], 1);
  EXPECT_EQ(count["last_rank"]["cause"], "data_wait");
}

TEST_F(Scale, trains_real_networks_over_the_lanes_of_strong_scaling) {
  const ProgramResult result = scale(
      2, "--mode strong --compute real --model mlp --lanes 2 --batch 8 --repeats 1 --steps 2");

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(figures()["subject"]["compute"], "real");
  EXPECT_GT(figures()["counts"][1]["computing_seconds"], 0);
}

TEST_F(Scale, trains_on_the_samples_of_a_file) {
  write_learnable_idx(file("idx"), {.train = 100, .test = 10});
  ASSERT_EQ(run_program(fmt::format("{} convert idx --directory {} --output {}", RONDO_DATA_PROGRAM,
                                    file("idx"), file("data.h5")))
                .code,
            0);
  const std::string options =
      fmt::format("--compute real --model mlp --repeats 1 --steps 9 --data {} ", file("data.h5"));

  const ProgramResult result = scale(2, options + "--lanes 2 --batch 16");
  const ProgramResult refused = scale(2, options + "--lanes 2 --batch 32");

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(figures()["subject"]["source"], "network of rondo-train-image on data.h5");
  EXPECT_GT(figures()["counts"][1]["computing_seconds"], 0);
  EXPECT_EQ(refused.code, 78);
  EXPECT_THAT(refused.err, HasSubstr("too few for a step of 4 lanes of 32"));
  EXPECT_EQ(scale(2, options + "--data " + file("none.h5")).code, 66);
}

TEST_F(Scale, refuses_what_it_cannot_measure) {
  std::ofstream(file("bad.txt")) << "model bad\nfirst many 1000\n";

  EXPECT_EQ(scale(2, "--model " + file("bad.txt")).code, 65);
  EXPECT_EQ(scale(1, "--model " + file("none.txt")).code, 66);
  const ProgramResult result = scale(2, fmt::format("--model {} --ranks 1,4", model()));
  EXPECT_EQ(result.code, 78);
  EXPECT_THAT(result.err, HasSubstr("there are no 4 ranks in this job of 2"));
}

TEST_F(Scale, compares_with_a_measurement_of_before) {
  const std::string command =
      fmt::format("--model {} --computing 0.004 --repeats 1 --ranks 1", model());
  ASSERT_EQ(scale(1, command).code, 0);
  auto before = figures();
  before["counts"][0]["efficiency"]["median"] = 1.1;
  std::ofstream(file("before.json")) << before;

  const std::string compared = fmt::format("{} --baseline {}", command, file("before.json"));
  EXPECT_EQ(scale(1, compared).code, 1);
  EXPECT_EQ(scale(1, compared + " --fail-below 0.5").code, 0);
  const ProgramResult refused = scale(1, compared + " --mode strong");
  EXPECT_EQ(refused.code, 78);
  EXPECT_EQ(refused.out, "");  // before anything was measured
  std::ofstream(file("before.json")) << "{}";
  EXPECT_EQ(scale(1, compared).code, 65);
}

TEST_F(Scale, writes_a_page_and_the_figures_beside_it) {
  const ProgramResult result =
      scale(2, fmt::format("--model {} --computing 0.004 --repeats 2 --report {}", model(),
                           file("page.html")));

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(nlohmann::json::parse(std::ifstream(file("page.json"))), figures());
  EXPECT_TRUE(std::filesystem::exists(file("page.csv")));
  EXPECT_GT(std::filesystem::file_size(file("page.html")), 1000U);
}

TEST_F(Scale, writes_a_page_that_a_browser_shows_without_complaint) {
  if (run_program("command -v chromium").code != 0) GTEST_SKIP() << "there is no chromium";
  ASSERT_EQ(scale(1, fmt::format("--model {} --computing 0.004 --repeats 1 --report {}", model(),
                                 file("page.html")))
                .code,
            0);

  const ProgramResult shown = run_program(
      fmt::format("chromium --headless --no-sandbox --disable-gpu --enable-logging=stderr "
                  "--dump-dom file://{}",
                  file("page.html")));

  EXPECT_EQ(shown.code, 0);
  EXPECT_THAT(shown.out, HasSubstr("Weak scaling of small"));
  EXPECT_THAT(shown.err, testing::Not(HasSubstr("CONSOLE")));
}

}  // namespace
}  // namespace rondo::test
