// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// rondo-ckpt, run as a program on good and on spoiled checkpoints.
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "rondo/base/hash.hpp"
#include "rondo/checkpoint/checkpoint.hpp"

#include "support/io_errors.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

ProgramResult rondo_ckpt(const std::string& arguments) {
  return run_program(fmt::format("{} {}", RONDO_CKPT_PROGRAM, arguments));
}

struct Model {
  std::vector<float> weight{1, 2, 3, 4, 5, 6};
  std::vector<float> bias{0.5F};
  std::vector<float> momentum{1, 1, 1, 1, 1, 1};
};

/// A run directory with checkpoints of steps 10, 20 and 30.
class Ckpt : public ::testing::Test {
 protected:
  Ckpt() {
    for (const std::uint64_t step : {10U, 20U, 30U})
      save(run_, step, {});
  }

  static void save(const std::filesystem::path& run, std::uint64_t step, Model model) {
    const std::vector<checkpoint::Tensor> tensors{
        {"parameter/fc.weight", {2, 3}, model.weight},
        {"parameter/fc.bias", {}, model.bias},
        {"slot/momentum/fc.weight", {2, 3}, model.momentum}};
    checkpoint::save(run / "checkpoints", step, tensors, {{"run.seed", "7"}}, {.newest = 100});
  }
  static std::filesystem::path of_step(const std::filesystem::path& run, int step) {
    return run / "checkpoints" / fmt::format("step-{:08}", step);
  }
  static void spoil(const std::filesystem::path& checkpoint) {
    std::filesystem::resize_file(checkpoint / "state.h5", 100);
  }

  TemporaryDirectory directory_;
  std::filesystem::path run_ = directory_.path() / "run";
};

TEST_F(Ckpt, list_tells_all_newest_first) {
  std::filesystem::remove(of_step(run_, 20) / "manifest.json");

  const ProgramResult text = rondo_ckpt("list " + run_.string());
  const ProgramResult json = rondo_ckpt("list --json " + (run_ / "checkpoints").string());

  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, ContainsRegex("30 .* 3  20[0-9-]+T[0-9:]+Z +.*step-00000030\n"));
  EXPECT_THAT(text.out, ContainsRegex("20  invalid: .*manifest.json: missing"));
  const auto listed = nlohmann::json::parse(json.out);
  ASSERT_EQ(listed.size(), 3U);
  EXPECT_EQ(listed[0]["step"], 30);
  EXPECT_EQ(listed[0]["tensors"], 3);
  EXPECT_THAT(listed[1]["problem"].get<std::string>(), HasSubstr("missing"));
  EXPECT_EQ(listed[2]["step"], 10);
}

TEST_F(Ckpt, show_tells_metadata_and_tensors) {
  const ProgramResult text = rondo_ckpt("show " + of_step(run_, 20).string() + "/");
  const ProgramResult json = rondo_ckpt("show --json " + run_.string());

  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, AllOf(ContainsRegex("step +20\n"), ContainsRegex("run.seed +7\n"),
                              ContainsRegex("fc.weight +[0-9a-f]{16}  \\(2, 3\\)"),
                              HasSubstr("3 of 13 elements")));
  const auto shown = nlohmann::json::parse(json.out);
  EXPECT_EQ(shown["step"], 30);
  EXPECT_EQ(shown["metadata"]["run.seed"], "7");
  EXPECT_EQ(shown["tensors"][1]["name"], "parameter/fc.bias");
  EXPECT_EQ(shown["tensors"][1]["shape"], nlohmann::json::array());
}

TEST_F(Ckpt, names_of_a_file_do_not_steer_the_terminal) {
  std::vector<float> values{1, 2};
  const std::vector<checkpoint::Tensor> tensors{{"parameter/w\x1b[2J", {2}, values}};
  const auto save_with = [&](const std::filesystem::path& run, const std::string& value) {
    checkpoint::save(run / "checkpoints", 1, tensors, {{"run.\x1b]0;title", value}}, {});
  };
  save_with(directory_.path() / "a", "\x1b[31m");
  save_with(directory_.path() / "b", "7");
  const std::string both = fmt::format("{0}/a {0}/b", directory_.path().string());

  const ProgramResult shown = rondo_ckpt(fmt::format("show {}/a", directory_.path().string()));
  const ProgramResult compared = rondo_ckpt("diff " + both);

  EXPECT_THAT(shown.out, AllOf(HasSubstr("parameter/w\\x1b[2J"), HasSubstr("run.\\x1b]0;title"),
                               HasSubstr("\\x1b[31m"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(compared.out, AllOf(HasSubstr("parameter/w\\x1b[2J"),
                                  HasSubstr("run.\\x1b]0;title differs"), Not(HasSubstr("\x1b"))));
}

TEST_F(Ckpt, latest_is_the_one_saved_last) {
  save(run_, 5, {});

  const ProgramResult result = rondo_ckpt("show --json " + (run_ / "checkpoints/latest").string());

  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(nlohmann::json::parse(result.out)["step"], 5);
}

TEST_F(Ckpt, verify_finds_good_ones_valid) {
  const ProgramResult all = rondo_ckpt("verify " + run_.string());
  const ProgramResult one = rondo_ckpt("verify " + of_step(run_, 10).string());

  EXPECT_EQ(all.code, 0) << all.out;
  EXPECT_THAT(all.out, AllOf(HasSubstr("step-00000030: valid: 3 tensors"),
                             HasSubstr("step-00000010: valid: 3 tensors")));
  EXPECT_EQ(one.code, 0);
  EXPECT_THAT(one.out, Not(HasSubstr("step-00000030")));
}

TEST_F(Ckpt, verify_of_a_flipped_bit_is_65_and_names_it) {
  damage(of_step(run_, 20) / "state.h5", std::string("\0\0\x80\x3f\0\0\0\x40", 8));

  const ProgramResult all = rondo_ckpt("verify " + run_.string());
  const ProgramResult json = rondo_ckpt("verify --json " + of_step(run_, 20).string());

  EXPECT_EQ(all.code, 65);
  EXPECT_THAT(all.out, AllOf(HasSubstr("step-00000020: invalid: "), HasSubstr("has hash"),
                             HasSubstr("step-00000030: valid")));
  EXPECT_EQ(json.code, 65);
  EXPECT_EQ(nlohmann::json::parse(json.out)[0]["valid"], false);
}

TEST_F(Ckpt, a_link_to_a_checkpoint_is_65_beside_latest) {
  std::filesystem::create_directory_symlink("step-00000030", run_ / "checkpoints/step-00000040");

  const ProgramResult result = rondo_ckpt("verify " + of_step(run_, 40).string());

  EXPECT_EQ(result.code, 65);
  EXPECT_THAT(result.out, HasSubstr("is a symbolic link"));
}

TEST_F(Ckpt, what_is_missing_is_66) {
  const auto nowhere = directory_.path() / "nowhere";
  for (const char* command : {"list", "show", "verify", "hash", "prune"}) {
    EXPECT_EQ(rondo_ckpt(fmt::format("{} {}", command, nowhere.string())).code, 66) << command;
    if (std::strcmp(command, "list") == 0) continue;
    EXPECT_EQ(rondo_ckpt(fmt::format("{} {}", command, directory_.path().string())).code, 66)
        << command;
  }
  EXPECT_EQ(rondo_ckpt("verify " + of_step(run_, 11).string()).code, 66);
  EXPECT_EQ(rondo_ckpt("diff " + run_.string() + " " + nowhere.string()).code, 66);
}

TEST_F(Ckpt, diff_of_equal_tensors_is_0) {
  const ProgramResult result =
      rondo_ckpt(fmt::format("diff {} {}", of_step(run_, 10).string(), run_.string()));

  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_THAT(result.out, AllOf(ContainsRegex("parameter/fc.weight +equal\n"),
                                HasSubstr("3 of 3 tensors are equal, of steps 10 and 30\n")));
}

TEST_F(Ckpt, diff_measures_what_differs) {
  const auto other = directory_.path() / "other";
  Model model;
  model.weight[1] = std::nextafter(2.0F, 3.0F);
  model.weight[4] = 5.25F;
  model.bias[0] = std::numeric_limits<float>::quiet_NaN();
  model.momentum[0] = -1;
  save(other, 30, model);

  const ProgramResult text = rondo_ckpt(fmt::format("diff {} {}", run_.string(), other.string()));
  const ProgramResult json =
      rondo_ckpt(fmt::format("diff --json {} {}", run_.string(), other.string()));

  EXPECT_EQ(text.code, 1);
  EXPECT_THAT(text.out,
              AllOf(ContainsRegex("fc.weight +2 of 6 differ, by at most 0.25 \\(524288 ulps\\)\n"),
                    ContainsRegex("fc.bias +1 of 1 differ, .*; 1 of them not finite\n"),
                    HasSubstr("0 of 3 tensors are equal")));
  const auto tensors = nlohmann::json::parse(json.out)["tensors"];
  EXPECT_EQ(tensors[0]["max_difference"], 0.25);
  EXPECT_EQ(tensors[1]["not_finite"], 1);
  EXPECT_EQ(tensors[2]["max_difference"], 2.0);
  EXPECT_EQ(tensors[2]["max_ulps"], 2 * 0x3f800000U);
}

TEST_F(Ckpt, diff_names_tensors_of_one_side_and_of_other_shapes) {
  std::vector<float> values(6);
  checkpoint::save(directory_.path() / "other", 1,
                   std::vector<checkpoint::Tensor>{{"parameter/fc.weight", {3, 2}, values},
                                                   {"parameter/new", {6}, values}},
                   {{"run.seed", "8"}});

  const ProgramResult result =
      rondo_ckpt(fmt::format("diff {} {}", run_.string(), (directory_.path() / "other").string()));

  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, AllOf(ContainsRegex("fc.weight +\\(2, 3\\) against \\(3, 2\\)\n"),
                                ContainsRegex("fc.bias +only in the first\n"),
                                ContainsRegex("parameter/new +only in the second\n"),
                                HasSubstr("metadata run.seed differs\n")));
}

TEST_F(Ckpt, diff_of_a_spoiled_one_is_65) {
  spoil(of_step(run_, 10));

  const ProgramResult result =
      rondo_ckpt(fmt::format("diff {} {}", run_.string(), of_step(run_, 10).string()));

  EXPECT_EQ(result.code, 65);
  EXPECT_THAT(result.err, HasSubstr("step-00000010"));
}

TEST_F(Ckpt, hash_depends_on_the_parameters_alone) {
  const std::string hash = rondo_ckpt("hash " + of_step(run_, 10).string()).out;
  Model model;
  model.momentum[0] = 9;
  save(run_, 40, model);
  const std::string of_other_slots = rondo_ckpt("hash " + run_.string()).out;
  model.bias[0] = 9;
  save(run_, 50, model);

  EXPECT_THAT(hash, ContainsRegex("^[0-9a-f]{16}\n$"));
  EXPECT_EQ(of_other_slots, hash);
  EXPECT_NE(rondo_ckpt("hash " + run_.string()).out, hash);
}

/// The parts of a safetensors file.
struct Safetensors {
  explicit Safetensors(const std::filesystem::path& path) {
    const std::string content = read_file(path);
    std::uint64_t length = 0;
    std::memcpy(&length, content.data(), sizeof length);
    EXPECT_EQ(length % 8, 0U);
    header = nlohmann::json::parse(content.substr(8, length));
    data = content.substr(8 + length);
  }
  std::vector<float> values(const std::string& name) const {
    const std::size_t begin = header[name]["data_offsets"][0];
    const std::size_t end = header[name]["data_offsets"][1];
    std::vector<float> found((end - begin) / sizeof(float));
    std::memcpy(found.data(), data.data() + begin, end - begin);
    return found;
  }
  nlohmann::json header;
  std::string data;
};

TEST_F(Ckpt, export_writes_the_parameters_as_safetensors) {
  const auto file = directory_.path() / "model.safetensors";

  const ProgramResult result =
      rondo_ckpt(fmt::format("export {} {}", run_.string(), file.string()));

  EXPECT_EQ(result.code, 0) << result.err;
  const Safetensors written(file);
  EXPECT_EQ(written.header.size(), 3U);
  EXPECT_EQ(written.header["__metadata__"]["step"], "30");
  EXPECT_EQ(written.header["fc.weight"]["dtype"], "F32");
  EXPECT_EQ(written.header["fc.weight"]["shape"], (std::vector<int>{2, 3}));
  EXPECT_EQ(written.header["fc.bias"]["shape"], nlohmann::json::array());
  EXPECT_EQ(written.values("fc.weight"), Model().weight);
  EXPECT_EQ(written.values("fc.bias"), Model().bias);
  EXPECT_EQ(written.data.size(), 7 * sizeof(float));
}

TEST_F(Ckpt, tensors_of_many_pieces_are_read_to_their_ends) {
  constexpr std::size_t elements = 3'000'001;
  std::vector<float> values(elements);
  for (std::size_t i = 0; i < elements; ++i)
    values[i] = static_cast<float>(i);
  const auto save_as = [&](const char* name) {
    checkpoint::save(directory_.path() / name, 1,
                     std::vector<checkpoint::Tensor>{{"parameter/large", {elements}, values}}, {});
    return (directory_.path() / name).string();
  };
  const std::string first = save_as("first");
  const std::vector<float> expected = values;
  values.back() = values[1'100'000] = -1;
  const std::string second = save_as("second");
  const auto file = directory_.path() / "large.safetensors";

  const ProgramResult different = rondo_ckpt(fmt::format("diff {} {}", first, second));

  EXPECT_THAT(different.out, HasSubstr("2 of 3000001 differ, by at most 3e+06"));
  EXPECT_EQ(rondo_ckpt(fmt::format("export {} {}", first, file.string())).code, 0);
  EXPECT_TRUE(Safetensors(file).values("large") == expected);
  EXPECT_EQ(rondo_ckpt("hash " + first).out,
            to_hex(content_hash(std::as_bytes(std::span(expected)), content_hash("large"))) + "\n");
}

TEST_F(Ckpt, export_of_all_has_the_names_of_the_checkpoint) {
  const auto file = directory_.path() / "all.safetensors";

  ASSERT_EQ(rondo_ckpt(fmt::format("export --all {} {}", run_.string(), file.string())).code, 0);

  const Safetensors written(file);
  EXPECT_EQ(written.values("slot/momentum/fc.weight"), Model().momentum);
  EXPECT_EQ(written.values("parameter/fc.weight"), Model().weight);
}

TEST_F(Ckpt, export_that_fails_leaves_nothing) {
  const auto file = directory_.path() / "absent" / "model.safetensors";
  EXPECT_EQ(rondo_ckpt(fmt::format("export {} {}", run_.string(), file.string())).code, 73);
  spoil(of_step(run_, 10));

  const ProgramResult spoiled = rondo_ckpt(fmt::format("export {} {}", of_step(run_, 10).string(),
                                                       (directory_.path() / "spoiled").string()));

  EXPECT_EQ(spoiled.code, 65);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "spoiled"));
}

std::vector<std::string> steps_in(const std::filesystem::path& run) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(run / "checkpoints"))
    if (!entry.is_symlink()) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

TEST_F(Ckpt, prune_keeps_the_newest_and_chosen_steps) {
  save(run_, 35, {});
  const std::string prune = fmt::format("prune {} --keep 1 --keep-every 20", run_.string());

  const ProgramResult planned = rondo_ckpt(prune + " --dry-run");
  EXPECT_EQ(steps_in(run_).size(), 4U);
  const ProgramResult result = rondo_ckpt(prune);

  EXPECT_EQ(planned.code, 0);
  EXPECT_THAT(planned.out, AllOf(HasSubstr("would remove"), HasSubstr("step-00000030")));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(steps_in(run_), ElementsAre("step-00000020", "step-00000035"));
}

TEST_F(Ckpt, prune_never_removes_the_newest_valid_one) {
  spoil(of_step(run_, 30));
  spoil(of_step(run_, 20));

  const ProgramResult result = rondo_ckpt("prune --keep 1 " + run_.string());

  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, HasSubstr("skipped checkpoint"));
  EXPECT_THAT(steps_in(run_), ElementsAre("step-00000010", "step-00000020", "step-00000030"));
}

TEST(CkptProgram, describes_itself_and_refuses_what_it_does_not_know) {
  const ProgramResult help = rondo_ckpt("--help");
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("verify CKPT|DIR"));
  EXPECT_EQ(rondo_ckpt("--version").code, 0);
  const ProgramResult misspelt = rondo_ckpt("verfy x");
  EXPECT_EQ(misspelt.code, 2);
  EXPECT_THAT(misspelt.err, HasSubstr("unknown command 'verfy': did you mean verify?"));
  EXPECT_THAT(rondo_ckpt("").err, HasSubstr("a command is missing: diff, export, hash"));
  EXPECT_EQ(rondo_ckpt("diff one").code, 2);
  EXPECT_EQ(rondo_ckpt("prune x --keep 0").code, 2);
}

}  // namespace
}  // namespace rondo::test
