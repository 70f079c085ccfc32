// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "rondo/base/error.hpp"

#include "common/options.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::apps {
namespace {

using testing::HasSubstr;
using testing::Not;

enum class Precision { f32, bf16 };

struct Values {
  std::filesystem::path data = "train.h5";
  std::string model = "convnet";
  Precision precision = Precision::f32;
  std::size_t epochs = 8;
  std::optional<std::size_t> lanes;
  float lr = 0.1F;
  double decay = 5e-4;
  int shift = -1;
  bool flip = true;
  bool resume = false;
  std::size_t bucket_bytes = 4096;
};

Options declare(Values& values) {
  Options options("rondo-test", "Tests options.");
  options.group("Data");
  options.add("data", values.data, "input file").required();
  options.add("flip", values.flip, "mirror images");
  options.group("Training");
  options.add("model", values.model, "network").one_of({"convnet", "resnet"});
  options.add("precision", values.precision, {{"f32", Precision::f32}, {"bf16", Precision::bf16}},
              "of the kernels");
  options.add("epochs", values.epochs, "passes").at_least(1);
  options.add("lanes", values.lanes, "micro-batches a step").at_least(1);
  options.add("lr", values.lr, "learning rate").between(0, 10);
  options.add("decay", values.decay, "weight decay");
  options.add("shift", values.shift, "pixels");
  options.add("resume", values.resume, "go on");
  options.add_bytes("bucket-bytes", values.bucket_bytes, "of a bucket");
  options.example("mpirun -np 2 rondo-test --epochs 8");
  return options;
}

class OptionsTest : public testing::Test {
 protected:
  Values parse(std::vector<const char*> arguments, const Environment& environment = {}) const {
    Values values;
    Options options = declare(values);
    arguments.insert(arguments.begin(), "rondo-test");
    options.parse(static_cast<int>(arguments.size()), arguments.data(), environment);
    return values;
  }
  std::string printed(const std::vector<const char*>& arguments,
                      const Environment& environment = {}) const {
    try {
      parse(arguments, environment);
    } catch (const EarlyExit& exit) {
      return exit.text;
    }
    return "nothing printed";
  }
  std::string usage_error(const std::vector<const char*>& arguments,
                          const Environment& environment = {}) const {
    try {
      parse(arguments, environment);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      return error.what();
    }
    return "no error";
  }
  void write_config(const std::string& text) const { std::ofstream(file_) << text; }

  test::TemporaryDirectory directory_;
  std::string file_ = (directory_.path() / "run.toml").string();
};

TEST_F(OptionsTest, keep_their_defaults) {
  const Values values = parse({});

  EXPECT_EQ(values.epochs, 8U);
  EXPECT_EQ(values.lanes, std::nullopt);
  EXPECT_TRUE(values.flip);
}

TEST_F(OptionsTest, take_the_first_source_that_has_a_value) {
  write_config("epochs = 2\n");
  const Environment environment = {{"RONDO_EPOCHS", "3"}};

  EXPECT_EQ(parse({}).epochs, 8U);
  EXPECT_EQ(parse({"--config", file_.c_str()}).epochs, 2U);
  EXPECT_EQ(parse({}, environment).epochs, 3U);
  EXPECT_EQ(parse({"--config", file_.c_str()}, environment).epochs, 3U);
  EXPECT_EQ(parse({"--epochs", "4"}).epochs, 4U);
  EXPECT_EQ(parse({"--epochs", "4", "--config", file_.c_str()}).epochs, 4U);
  EXPECT_EQ(parse({"--epochs", "4"}, environment).epochs, 4U);
  EXPECT_EQ(parse({"--config", file_.c_str(), "--epochs", "4"}, environment).epochs, 4U);
}

TEST_F(OptionsTest, take_the_config_file_from_the_environment_too) {
  write_config("epochs = 2\n");
  EXPECT_EQ(parse({}, {{"RONDO_CONFIG", file_}}).epochs, 2U);
}

TEST_F(OptionsTest, convert_every_kind_of_value) {
  const Values values =
      parse({"--data=a b.h5", "--model", "resnet", "--precision=bf16", "--lanes", "6", "--lr",
             "1e-2", "--shift", "-3", "--no-flip", "--resume", "--bucket-bytes", "64K"},
            {{"RONDO_DECAY", "0"}});

  EXPECT_EQ(values.data, "a b.h5");
  EXPECT_EQ(values.model, "resnet");
  EXPECT_EQ(values.precision, Precision::bf16);
  EXPECT_EQ(values.lanes, 6U);
  EXPECT_EQ(values.lr, 0.01F);
  EXPECT_EQ(values.decay, 0.0);
  EXPECT_EQ(values.shift, -3);
  EXPECT_FALSE(values.flip);
  EXPECT_TRUE(values.resume);
  EXPECT_EQ(values.bucket_bytes, 65536U);
}

TEST_F(OptionsTest, understand_units_of_bytes) {
  EXPECT_EQ(parse({"--bucket-bytes", "100"}).bucket_bytes, 100U);
  EXPECT_EQ(parse({"--bucket-bytes", "2kB"}).bucket_bytes, 2000U);
  EXPECT_EQ(parse({"--bucket-bytes", "1GiB"}).bucket_bytes, std::size_t{1} << 30);
  EXPECT_THAT(usage_error({"--bucket-bytes", "3 bananas"}), HasSubstr("a number of bytes"));
  EXPECT_THAT(usage_error({"--bucket-bytes", "99999999999T"}), HasSubstr("a number of bytes"));
}

TEST_F(OptionsTest, given_twice_take_the_last) {
  EXPECT_EQ(parse({"--epochs", "2", "--epochs", "5"}).epochs, 5U);
  EXPECT_TRUE(parse({"--no-resume", "--resume"}).resume);
  EXPECT_FALSE(parse({"--resume", "--no-resume"}, {{"RONDO_RESUME", "1"}}).resume);
}

TEST_F(OptionsTest, round_trip_through_print_config) {
  const std::vector<const char*> arguments = {"--data",    "odd # \"name\" \\ it's.h5",
                                              "--lr",      "0.3",
                                              "--decay",   "0.1234567890123456789",
                                              "--lanes",   "6",
                                              "--no-flip", "--precision",
                                              "bf16"};
  std::vector<const char*> printing = arguments;
  printing.push_back("--print-config");
  const std::string first = printed(printing);
  write_config(first);

  EXPECT_EQ(printed({"--config", file_.c_str(), "--print-config"}), first);
  const Values values = parse({"--config", file_.c_str()});
  const Values expected = parse(arguments);
  EXPECT_EQ(values.data, expected.data);
  EXPECT_EQ(values.lr, expected.lr);
  EXPECT_EQ(values.decay, expected.decay);
  EXPECT_EQ(values.lanes, expected.lanes);
}

TEST_F(OptionsTest, print_unset_values_as_comments) {
  const std::string text = printed({"--print-config"});

  EXPECT_THAT(text, HasSubstr("\n# lanes =\n"));
  EXPECT_THAT(text, HasSubstr("\nlr = 0.1\n"));
}

TEST_F(OptionsTest, that_are_unknown_suggest_the_nearest_name) {
  write_config("lr = 0.1\nepocs = 3\n");

  EXPECT_EQ(usage_error({"--epoch", "3"}), "unknown option --epoch: did you mean --epochs?");
  EXPECT_EQ(usage_error({"--epoch=3"}), "unknown option --epoch: did you mean --epochs?");
  EXPECT_EQ(usage_error({"--confg", "x"}), "unknown option --confg: did you mean --config?");
  EXPECT_THAT(usage_error({"--wavelength", "3"}), HasSubstr("--help lists"));
  EXPECT_EQ(usage_error({"--config", file_.c_str()}),
            file_ + ":2: unknown option epocs: did you mean epochs?");
  EXPECT_EQ(usage_error({}, {{"RONDO_EPOCH", "3"}}),
            "unknown environment variable RONDO_EPOCH: did you mean RONDO_EPOCHS?");
  EXPECT_EQ(usage_error({"stray"}), "unexpected argument 'stray': options begin with --");
}

TEST_F(OptionsTest, know_the_variables_of_the_batch_scripts) {
  int minimum = 1;
  Options options("rondo-test", "");
  options.add("min", minimum, "close to RONDO_BIN");

  const char* arguments[] = {"rondo-test"};

  EXPECT_NO_THROW(options.parse(1, arguments, {{"RONDO_BIN", "/opt/rondo/bin"}}));
}

TEST_F(OptionsTest, leave_other_programs_variables_alone) {
  EXPECT_EQ(parse({}, {{"RONDO_WAVELENGTH", "3"}, {"EPOCH", "3"}, {"RONDO_", "x"}}).epochs, 8U);
}

TEST_F(OptionsTest, with_bad_values_name_source_value_and_range) {
  write_config("\nlr = fast\n");

  EXPECT_EQ(usage_error({"--epochs", "0"}),
            "--epochs is '0': it must be a whole number, at least 1");
  EXPECT_EQ(usage_error({"--epochs", "3.5"}),
            "--epochs is '3.5': it must be a whole number, at least 1");
  EXPECT_EQ(usage_error({"--lr", "11"}), "--lr is '11': it must be a number from 0 to 10");
  EXPECT_EQ(usage_error({"--lr", "nan"}), "--lr is 'nan': it must be a number from 0 to 10");
  EXPECT_EQ(usage_error({"--precision", "f64"}),
            "--precision is 'f64': it must be one of f32, bf16");
  EXPECT_EQ(usage_error({}, {{"RONDO_MODEL", "vit"}}),
            "RONDO_MODEL is 'vit': it must be one of convnet, resnet");
  EXPECT_EQ(usage_error({"--config", file_.c_str()}),
            file_ + ":2: lr is 'fast': it must be a number from 0 to 10");
}

TEST_F(OptionsTest, without_a_value_say_so) {
  EXPECT_EQ(usage_error({"--epochs"}), "--epochs needs a value");
  EXPECT_EQ(usage_error({"--model", "--resume"}),
            "--model needs a value, but is followed by --resume");
  EXPECT_EQ(usage_error({"--data="}), "--data= needs a value");
}

TEST_F(OptionsTest, that_are_required_are_demanded) {
  std::filesystem::path data;
  Options options("rondo-test", "Tests options.");
  options.add("data", data, "input file").required();
  const char* arguments[] = {"rondo-test", "--print-config"};

  EXPECT_THROW(options.parse(1, arguments, {}), Error);
  EXPECT_THROW(options.parse(2, arguments, {}), EarlyExit);
}

TEST_F(OptionsTest, show_groups_defaults_and_the_example_in_the_help) {
  const std::string help = printed({"--help"});

  for (const char* expected : {"Usage: rondo-test [OPTIONS]", "\nTraining:\n", "--epochs INT [8]",
                               "--data PATH (required)", "--precision f32|bf16 [f32]",
                               "--flip,--no-flip", "mpirun -np 2 rondo-test --epochs 8"})
    EXPECT_THAT(help, HasSubstr(expected));
  EXPECT_THAT(printed({"-h", "--nonsense"}), HasSubstr("Usage:"));
}

TEST_F(OptionsTest, print_version_and_build) {
  EXPECT_THAT(printed({"--version"}), testing::ContainsRegex("^rondo-test [0-9]+\\.[0-9]+"));
  EXPECT_THAT(printed({"--version"}), HasSubstr("MPI"));
}

TEST_F(OptionsTest, take_positional_arguments_in_order) {
  std::filesystem::path output;
  std::vector<std::filesystem::path> inputs;
  Options options("rondo-test", "Tests options.");
  options.add_positional("output", output, "file to write");
  options.add_positional("input", inputs, "files to read");
  const char* arguments[] = {"rondo-test", "out.h5", "a", "b"};

  options.parse(4, arguments, {});

  EXPECT_EQ(output, "out.h5");
  EXPECT_THAT(inputs, testing::ElementsAre("a", "b"));
  EXPECT_THROW(options.parse(2, arguments, {}), Error);
}

}  // namespace
}  // namespace rondo::apps
