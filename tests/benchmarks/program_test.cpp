// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench as its users see it: the real program, under mpirun.
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr const char* quick = "--max 8K --factor 32 --seconds 0.02 --repeats 5 --warmup 1 --hot";

ProgramResult bench(int ranks, const std::string& arguments) {
  return run_program(mpirun(ranks, fmt::format("{} {}", RONDO_BENCH_PROGRAM, arguments)));
}

std::vector<nlohmann::json> lines_of(const std::filesystem::path& file) {
  std::vector<nlohmann::json> lines;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(RondoBench, measures_every_collective_on_any_number_of_ranks) {
  for (const char* collective : {"allreduce", "reduce-scatter", "allgather", "broadcast"}) {
    for (const int ranks : {1, 2, 3}) {
      const ProgramResult result = bench(ranks, fmt::format("{} {}", collective, quick));
      EXPECT_EQ(result.code, 0) << collective << " on " << ranks << ": " << result.err;
      EXPECT_THAT(result.out, ContainsRegex("\n +[0-9]+ +[0-9]+  auto "));
      EXPECT_THAT(result.out, Not(HasSubstr("WRONG")));
    }
  }
}

TEST(RondoBench, measures_what_the_fixed_order_costs) {
  for (const char* arguments : {"--lanes 5", "--in-place", "--collective reduce-scatter"}) {
    const ProgramResult result = bench(2, fmt::format("lanes --min 256 {} {}", quick, arguments));
    EXPECT_EQ(result.code, 0) << arguments << ": " << result.err;
    EXPECT_THAT(result.out, ContainsRegex("\n +8192 .* 0\n")) << arguments;
  }
}

TEST(RondoBench, measures_saving_and_loading) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "figures.ndjson";
  const auto disk = directory.path() / "disk";
  std::filesystem::create_directory(disk);

  const ProgramResult result = bench(
      2, fmt::format("checkpoint --parameters 50000 --repeats 2 --sharding zero1 --compute 0.001 "
                     "--directory {} --json {}",
                     disk.string(), file.string()));

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(std::filesystem::is_empty(disk));
  const auto line = lines_of(file).at(0);
  EXPECT_GT(line["bytes"], 3 * 50000 * 4);
  EXPECT_EQ(line["wrong"], 0);
  for (const char* figure :
       {"disk_write_seconds", "foreground_seconds", "stall_seconds", "background_seconds",
        "disk_read_seconds", "load_seconds", "write_ratio", "stall_ratio", "load_ratio",
        "training_with_seconds", "training_without_seconds"})
    EXPECT_GT(line[figure], 0) << figure;
}

TEST(RondoBench, writes_every_column_as_json) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "figures.ndjson";

  const ProgramResult result =
      bench(2, fmt::format("allreduce {} --json {}", quick, file.string()));

  ASSERT_EQ(result.code, 0) << result.err;
  const auto lines = lines_of(file);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1]["bytes"], 256);
  EXPECT_EQ(lines[1]["count"], 64);
  EXPECT_EQ(lines[1]["wrong"], 0);
  EXPECT_EQ(lines[1]["ranks"], 2);
  for (const char* figure : {"min_seconds", "median_seconds", "p99_seconds", "algbw", "busbw",
                             "peer_seconds", "peer_ratio", "limit_seconds", "limit_ratio"})
    EXPECT_GT(lines[1][figure], 0) << figure;
  EXPECT_LE(lines[1]["min_seconds"], lines[1]["median_seconds"]);
}

TEST(RondoBench, rotates_through_more_memory_than_the_cache_unless_told_otherwise) {
  const ProgramResult result =
      bench(2, "allreduce --min 64K --max 64K --seconds 0.02 --repeats 5 --in-place");

  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("arena buffers, in place"));
}

TEST(RondoBench, measures_short_floats_other_operations_and_private_buffers) {
  for (const char* arguments :
       {"--dtype bf16 --op avg --in-place", "--dtype f16 --op max --buffers private",
        "--dtype i64 --op min --compare none", "--dtype u8"}) {
    const ProgramResult result = bench(2, fmt::format("allreduce {} {}", quick, arguments));
    EXPECT_EQ(result.code, 0) << arguments << result.err;
  }
}

TEST(RondoBench, judges_the_choice_among_all_algorithms) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "figures.ndjson";

  const ProgramResult result =
      bench(2, fmt::format("allreduce {} --algorithm all --json {}", quick, file.string()));

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("auto against the best algorithm: geometric mean"));
  const auto lines = lines_of(file);
  std::set<std::string> algorithms;
  for (const auto& line : lines)
    if (line["event"] == "collective") algorithms.insert(line["algorithm"]);
  EXPECT_THAT(algorithms, testing::IsSupersetOf({"auto", "ring"}));
  EXPECT_GT(lines.back()["mean"], 0);
}

TEST(RondoBench, tunes_a_table_that_the_next_run_obeys) {
  const TemporaryDirectory directory;
  const std::string table = (directory.path() / "tuning.json").string();

  const ProgramResult tuned = bench(
      2,
      fmt::format("tune --output {} --max 4K --factor 64 --seconds 0.01 --repeats 3 --hot", table));
  ASSERT_EQ(tuned.code, 0) << tuned.err;
  const ProgramResult obeying = run_program(
      fmt::format("export RONDO_TUNING={}; {}", table,
                  mpirun(2, fmt::format("{} allreduce {} --explain", RONDO_BENCH_PROGRAM, quick))));

  EXPECT_EQ(obeying.code, 0) << obeying.err;
  EXPECT_THAT(tuned.out, ContainsRegex("allreduce +[a-z_]+ +beyond"));
  EXPECT_THAT(obeying.out, HasSubstr(table)) << "where the rule comes from";
}

TEST(RondoBench, measures_what_hides_behind_the_backward_pass) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "figures.ndjson";

  const ProgramResult result = bench(
      2, fmt::format("overlap --bytes 256K --bucket 64K --parameters 8 --repeats 2 --warmup 0 "
                     "--reduce fixed --backward arithmetic --json {}",
                     file.string()));

  ASSERT_EQ(result.code, 0) << result.err;
  const auto lines = lines_of(file);
  ASSERT_EQ(lines.size(), 4U) << "one a ratio";
  EXPECT_EQ(lines[3]["ratio"], 1);
  EXPECT_EQ(lines[3]["wrong"], 0);
  for (const char* figure : {"communication_seconds", "computation_seconds", "step_seconds"})
    EXPECT_GT(lines[3][figure], 0) << figure;
}

TEST(RondoBench, measures_the_gather_behind_the_next_forward_pass) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "figures.ndjson";

  const ProgramResult result =
      bench(2, fmt::format("overlap --sharding zero2 --bytes 256K --parameters 8 --repeats 2 "
                           "--ratio 0.5 --warmup 0 --json {}",
                           file.string()));

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("measured: a sum takes"));
  const auto lines = lines_of(file);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["wrong"], 0);
  for (const char* figure : {"in_step_seconds", "in_forward_seconds", "bucket_bytes"})
    EXPECT_GT(lines[0][figure], 0) << figure;
}

TEST(RondoBench, measures_the_update_in_one_pass_beside_its_three_steps) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "figures.ndjson";

  const ProgramResult result =
      bench(2, fmt::format("update --bytes 256K --bucket 64K --parameters 8 --repeats 2 "
                           "--optimizer lamb --reduce fixed --json {}",
                           file.string()));

  ASSERT_EQ(result.code, 0) << result.err;
  const auto lines = lines_of(file);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["wrong"], 0);
  EXPECT_GT(lines[0]["one_pass_seconds"], 0);
  EXPECT_EQ(bench(1, "update --bytes 256K").code, 78) << "one rank has nobody to store to";
}

TEST(RondoBench, measures_reading_and_loading_and_checks_what_it_reads) {
  const TemporaryDirectory directory, scratch;
  const auto file = directory.path() / "figures.ndjson";

  for (const char* arguments :
       {"--part chunks --bytes 20M", "--part gzip --bytes 5M",
        "--part loader --bytes 20M --milliseconds 0 --batch 2 --model cnn --model-samples 1"}) {
    const ProgramResult result = run_program(
        fmt::format("{} data {} --repeats 1 --directory {} --json {}", RONDO_BENCH_PROGRAM,
                    arguments, scratch.path().string(), file.string()));
    EXPECT_EQ(result.code, 0) << arguments << ": " << result.err;
  }

  std::set<std::string> parts;
  for (const auto& line : lines_of(file)) {
    EXPECT_EQ(line["wrong"], 0);
    parts.insert(line["part"]);
  }
  EXPECT_THAT(parts, testing::ElementsAre("chunks-cold", "chunks-warm", "gzip", "loader"));
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path())) << "generated sets are removed";
}

TEST(RondoBench, loads_a_data_set_that_it_is_given) {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "pictures.h5").string();
  ASSERT_EQ(run_program(
                fmt::format("{} data --part write --bytes 5M --file {}", RONDO_BENCH_PROGRAM, file))
                .code,
            0);

  const ProgramResult result = run_program(
      fmt::format("{} data --file {} --milliseconds 0 --model none", RONDO_BENCH_PROGRAM, file));

  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr(" 0 wrong"));
}

TEST(RondoBench, ends_with_2_where_it_was_called_wrongly) {
  EXPECT_EQ(bench(2, "allreduce --min 8M --max 1M").code, 2);
  EXPECT_EQ(bench(2, "broadcast --root 2").code, 2);
  EXPECT_EQ(bench(1, "allreduce --algorithm fastest").code, 2);
  EXPECT_EQ(bench(1, "allgather --op sum").code, 2);
  EXPECT_EQ(bench(1, "tune").code, 2);
  EXPECT_EQ(bench(2, "lanes --lanes 1").code, 2);
  EXPECT_EQ(bench(1, "lanes --in-place --collective reduce-scatter").code, 2);
  EXPECT_EQ(bench(1, "data --part write").code, 2);
  EXPECT_EQ(bench(1, "data --part ranks --file a.h5").code, 2);
  const ProgramResult unknown = bench(1, "allreduse");
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean allreduce?"));
}

TEST(RondoBench, describes_itself_and_its_commands) {
  const ProgramResult help = run_program(fmt::format("{} --help", RONDO_BENCH_PROGRAM));
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("reduce-scatter"));
  EXPECT_THAT(run_program(fmt::format("{} allreduce --help", RONDO_BENCH_PROGRAM)).out,
              HasSubstr("--algorithm auto|all|ring"));
}

}  // namespace
}  // namespace rondo::test
