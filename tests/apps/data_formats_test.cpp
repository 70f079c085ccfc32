// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// rondo-data convert (all formats but idx and images) and split, run as a program.
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/data/dataset.hpp"

#include "apps/data_idx_set.hpp"

namespace rondo::test {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A directory to convert in.
class Convert : public ::testing::Test {
 protected:
  std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }

  std::string write(const std::string& name, const std::string& bytes) const {
    write_file(path(name), bytes);
    return path(name).string();
  }

  ProgramResult run(const std::string& arguments) const {
    return run_program(
        fmt::format("{} {} --output {}", RONDO_DATA_PROGRAM, arguments, path("out.h5").string()));
  }

  data::Dataset converted(const std::string& arguments, const std::string& split = "train") const {
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.code, 0) << result.err;
    return {path("out.h5"), split, {.required = {}}};
  }

  /// Expects that converting fails and leaves nothing.
  std::string failure(int code, const std::string& arguments) const {
    const auto before = entry_count(directory_.path());
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.code, code) << result.err;
    EXPECT_EQ(entry_count(directory_.path()), before);
    return result.err;
  }

  template <class T>
  static std::vector<T> all_of(data::Dataset& dataset, const std::string& field) {
    const data::FieldInfo& info = data::find_field(dataset.fields(), field);
    std::vector<std::uint64_t> samples(info.samples);
    for (std::size_t i = 0; i < samples.size(); ++i)
      samples[i] = i;
    std::vector<T> elements(info.samples * info.sample_elements());
    dataset.read_field(field, samples, std::span(elements));
    return elements;
  }

  TemporaryDirectory directory_;
};

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string npy(const std::string& descr, const std::string& shape, const std::string& elements,
                bool is_fortran = false, int version = 1) {
  const std::string header = fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}\n",
                                         descr, is_fortran ? "True" : "False", shape);
  std::string file{"\x93NUMPY", 6};
  file += static_cast<char>(version);
  file += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    file += static_cast<char>(header.size() >> (8 * i));
  return file + header + elements;
}

using ConvertNpy = Convert;

TEST_F(ConvertNpy, takes_every_type_order_and_version) {
  write("c.npy",
        npy("<f4", "(4, 2, 3)", bytes_of<float>({0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
                                                 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23})));
  // The same array with its first dimension running fastest.
  write("f.npy",
        npy("<f4", "(4, 2, 3)", bytes_of<float>({0, 6,  12, 18, 3, 9, 15, 21, 1, 7,  13, 19,
                                                 4, 10, 16, 22, 2, 8, 14, 20, 5, 11, 17, 23}),
            true, 2));
  write("y.npy", npy("<i8", "(4,)", bytes_of<std::int64_t>({1, 0, 2, 1}), false, 3));

  data::Dataset dataset =
      converted(fmt::format("convert npy --train x={},z={},label={}", path("c.npy").string(),
                            path("f.npy").string(), path("y.npy").string()));

  EXPECT_EQ(all_of<float>(dataset, "x"), all_of<float>(dataset, "z"));
  EXPECT_THAT(all_of<std::int64_t>(dataset, "label"), ElementsAre(1, 0, 2, 1));
  EXPECT_EQ(dataset.info().classes, 3U);
}

TEST_F(ConvertNpy, keeps_a_part_for_testing) {
  const std::string x = write("x.npy", npy("|u1", "(100, 2, 2)", std::string(400, 'x')));

  EXPECT_EQ(converted("convert npy --train image=" + x + " --test-fraction 0.2").info().samples,
            80U);
  EXPECT_EQ(data::Dataset(path("out.h5"), "test", {.required = {}}).info().samples, 20U);
}

TEST_F(ConvertNpy, refuses_what_it_cannot_mean) {
  const std::string command = "convert npy --train image=" + path("x.npy").string();
  const auto refusal = [&](const std::string& bytes) {
    write("x.npy", bytes);
    return failure(65, command);
  };
  EXPECT_THAT(refusal("no"), HasSubstr("is not an NPY file"));
  EXPECT_THAT(refusal(npy("<f2", "(2, 1, 1)", "1234")), HasSubstr("found '<f2'"));
  EXPECT_THAT(refusal(npy(">f4", "(1, 1, 1)", "1234")), HasSubstr("astype"));
  EXPECT_THAT(refusal(npy("|u1", "(4, 1, 2)", "1234")), HasSubstr("is truncated"));
  EXPECT_THAT(refusal(npy("|u1", "(4, 1, 1)", "12345")), HasSubstr("bytes behind its end"));
  EXPECT_THAT(refusal(npy("|u1", "(99999999999, 9999999999, 99)", "1")), HasSubstr("is truncated"));
  EXPECT_THAT(refusal(npy("|u1", "(0, 1, 1)", "")), HasSubstr("holds no samples"));
  EXPECT_THAT(refusal(npy("|u1", "(1, 8, 8, 3)", std::string(192, 'x'))),
              HasSubstr("transpose(0, 3, 1, 2)"));
  EXPECT_THAT(refusal(npy("|u1", "(1, 1, 1)", "1").substr(0, 30)), HasSubstr("is truncated"));
  write("x.npy", npy("|u1", "(1, 1, 1)", "1"));
  EXPECT_THAT(failure(66, "convert npy --train image=/nonexistent"), HasSubstr("No such file"));
  write("y.npy", npy("<i4", "(2,)", bytes_of<std::int32_t>({0, 0})));
  EXPECT_THAT(failure(65, command + ",label=" + path("y.npy").string()),
              HasSubstr("expected 1 samples"));
  write("y.npy", npy("<i4", "(1,)", bytes_of<std::int32_t>({-3})));
  EXPECT_THAT(failure(65, command + ",label=" + path("y.npy").string()),
              HasSubstr("found -3 at sample 0"));
}

TEST_F(ConvertNpy, needs_little_memory_for_a_large_file) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer needs terabytes of addresses";
#endif
  const std::string start = npy("|u1", "(400000, 1, 1000)", "");
  const std::string x = write("x.npy", start);
  std::filesystem::resize_file(x, start.size() + 400'000'000);  // sparse

  const ProgramResult result = run_program(
      fmt::format("ulimit -v 300000; {} convert npy --train x={} --deflate 1 --output {}",
                  RONDO_DATA_PROGRAM, x, path("out.h5").string()));

  EXPECT_EQ(result.code, 0) << result.err;
}

using ConvertCsv = Convert;

TEST_F(ConvertCsv, makes_features_and_labels) {
  const std::string table = write("t.csv",
                                  "a,\"b \"\"x\"\", c\",kind\r\n1,2.5,setosa\r\n\r\n-3,4e2,"
                                  "\"virginica\"\r\n");

  data::Dataset dataset =
      converted("convert csv --train " + table + " --label kind --class-names setosa,virginica");

  EXPECT_THAT(all_of<float>(dataset, "feature"), ElementsAre(1, 2.5, -3, 400));
  EXPECT_THAT(all_of<std::int32_t>(dataset, "label"), ElementsAre(0, 1));
}

TEST_F(ConvertCsv, names_line_and_column) {
  const auto refusal = [&](const std::string& text, const std::string& options) {
    return failure(65, "convert csv --train " + write("t.csv", text) + " " + options);
  };
  EXPECT_THAT(refusal("a,b\n1,2\n3,x\n", ""), HasSubstr("t.csv:3: column 2 (b): expected a finite "
                                                        "number, found 'x'"));
  EXPECT_THAT(refusal("1,2\n3\n", ""), HasSubstr("t.csv:2: expected 2 columns, found 1"));
  EXPECT_THAT(refusal("a,b,kind\n1,2\n", "--label kind"),
              HasSubstr("t.csv:2: expected 3 columns, as the header has, found 2"));
  EXPECT_THAT(refusal("1,2\n3,nan\n", ""), HasSubstr("found 'nan'"));
  EXPECT_THAT(refusal("1,\"2\n", ""), HasSubstr("a quoted cell has no end"));
  EXPECT_THAT(refusal("1,\"2\"3\n", ""), HasSubstr("behind its closing quote"));
  EXPECT_THAT(refusal("a,b\n", ""), HasSubstr("holds no samples"));
  EXPECT_THAT(refusal("a,b\n1,2\n", "--label c"), HasSubstr("expected a label column 'c'"));
  EXPECT_THAT(refusal("1,2\n1,2.5\n", "--label 2"),
              HasSubstr("t.csv:2: column 2: expected a label"));
  EXPECT_THAT(refusal("1,2\n1,7\n", "--label 2 --classes 5"), HasSubstr("below 5"));
  EXPECT_THAT(refusal(std::string(100'000, 'x'), ""), HasSubstr("is it a CSV file?"));
}

using ConvertCifar = Convert;

TEST_F(ConvertCifar, takes_the_fine_labels_of_cifar100) {
  const std::string image(3072, 'p');
  write("train.bin", std::string("\x05\x63") + image + std::string("\x01\x02") + image);
  write("test.bin", std::string("\x01\x07") + image);

  data::Dataset dataset = converted("convert cifar100 --directory " + path("").string());

  EXPECT_EQ(dataset.info().channels, 3U);
  EXPECT_EQ(dataset.info().classes, 100U);
  EXPECT_THAT(all_of<std::uint8_t>(dataset, "label"), ElementsAre(99, 2));
  EXPECT_THAT(all_of<std::uint8_t>(dataset, "image"), Each('p'));
}

TEST_F(ConvertCifar, refuses_truncated_records_and_labels_out_of_range) {
  for (const char* name : {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                           "data_batch_4.bin", "test_batch.bin"})
    write(name, std::string(3073, '\1'));
  const std::string command = "convert cifar10 --directory " + path("").string();
  EXPECT_THAT(failure(66, command), HasSubstr("data_batch_5.bin: cannot read"));

  write("data_batch_5.bin", std::string(3072, '\1'));
  EXPECT_THAT(failure(65, command), HasSubstr("expected records of 3073 bytes, found 3072"));
  write("data_batch_5.bin", std::string(3073, '\12'));
  EXPECT_THAT(failure(65, command), HasSubstr("labels below 10, found 10 in record 0"));
}

using ConvertTokens = Convert;

TEST_F(ConvertTokens, keeps_whole_samples_and_takes_the_end_for_testing) {
  std::vector<std::uint16_t> tokens(43);
  for (std::size_t i = 0; i < tokens.size(); ++i)
    tokens[i] = static_cast<std::uint16_t>(60'000 + i);
  const std::string file = write("t.bin", bytes_of(tokens));

  data::Dataset dataset = converted(
      "convert tokens --sequence-length 4 --test-fraction 0.2 --deflate 3 --shuffle "
      "--train " +
          file,
      "test");

  EXPECT_EQ(data::describe(dataset.fields()[0]), "token: u16 stream of 4");
  EXPECT_THAT(all_of<std::uint16_t>(dataset, "token"),
              ElementsAre(60'032, 60'033, 60'034, 60'035, 60'036, 60'037, 60'038, 60'039));
  EXPECT_THAT(failure(65, "convert tokens --sequence-length 44 --train " + file),
              HasSubstr("expected at least one sample of 44 tokens"));
  EXPECT_THAT(failure(65, "convert tokens --sequence-length 4 --vocabulary 60001 --train " + file),
              HasSubstr("found 60001 at token 1"));
  EXPECT_THAT(failure(65, "convert tokens --sequence-length 4 --dtype u32 --train " + file),
              HasSubstr("expected whole u32 tokens of 4 bytes, found 86 bytes"));
}

TEST_F(ConvertTokens, of_text_are_its_bytes) {
  const std::string file = write("t.txt", "hello world");

  data::Dataset dataset = converted("convert text --sequence-length 5 --train " + file);

  const auto bytes = all_of<std::uint8_t>(dataset, "token");
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "hello worl");
  EXPECT_EQ(dataset.fields()[0].vocabulary, 256U);
}

TEST_F(Convert, only_says_what_would_be_written_when_asked_to) {
  const std::string file = write("t.txt", "hello world");

  const ProgramResult result = run("convert text --dry-run --sequence-length 5 --train " + file);

  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("train: 2 samples"), HasSubstr("u8 stream of 5")));
  EXPECT_FALSE(std::filesystem::exists(path("out.h5")));
}

TEST_F(Convert, leaves_nothing_when_interrupted) {
  const std::string start = npy("|u1", "(4000000, 1000)", "");
  const std::string x = write("x.npy", start);
  std::filesystem::resize_file(x, start.size() + 4'000'000'000U);  // sparse

  for (const char* signal : {"INT", "TERM"}) {
    const ProgramResult result = run_program(fmt::format(
        "{} convert npy --train x={} --deflate 9 --output {} & child=$!\n"
        "while test $(ls -A {} | wc -l) = 1 && kill -0 $child; do sleep 0.02; done\n"
        "kill -{} $child; wait $child",
        RONDO_DATA_PROGRAM, x, path("out.h5").string(), directory_.path().string(), signal));

    EXPECT_EQ(result.code, 75) << signal;
    EXPECT_EQ(entry_count(directory_.path()), 1U) << signal;
    EXPECT_THAT(result.err, HasSubstr("interrupted: ")) << signal;
  }
}

TEST(Split, takes_the_same_share_of_each_class) {
  const TemporaryDirectory directory;
  const auto in = (directory.path() / "in.h5").string();
  const auto out = (directory.path() / "out.h5").string();
  const auto csv = (directory.path() / "t.csv").string();
  std::string table;
  for (int i = 0; i < 300; ++i)
    table += fmt::format("{},{}\n", i, i % 10 == 0 ? 1 : 0);
  write_file(csv, table);
  ASSERT_EQ(run_program(fmt::format("{} convert csv --train {} --label 2 --output {}",
                                    RONDO_DATA_PROGRAM, csv, in))
                .code,
            0);

  const ProgramResult result = run_program(
      fmt::format("{} split {} --fraction 0.2 --output {}", RONDO_DATA_PROGRAM, in, out));

  ASSERT_EQ(result.code, 0) << result.err;
  const data::Dataset::Options any{.required = {}};
  EXPECT_THAT(data::Dataset(out, "train", any).info().label_counts, ElementsAre(216, 24));
  EXPECT_THAT(data::Dataset(out, "test", any).info().label_counts, ElementsAre(54, 6));

  const ProgramResult again = run_program(
      fmt::format("{} split {} --fraction 0.5 --output {}", RONDO_DATA_PROGRAM, out, in));
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(data::Dataset(in, "validation", any).info().samples, 120U);
  EXPECT_EQ(data::Dataset(in, "test", any).info().samples, 60U);
}

}  // namespace
}  // namespace rondo::test
