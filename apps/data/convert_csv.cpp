// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <string>

#include "rondo/base/error.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "data/commands.hpp"
#include "data/convert.hpp"
#include "data/sources/csv_source.hpp"

namespace rondo::apps {
namespace {

struct CsvOptions {
  std::filesystem::path train, test;
  std::string label, separator = ",";
  CsvHeader header = CsvHeader::automatic;
  OutputOptions output;
};

std::unique_ptr<CsvSource> open(const std::filesystem::path& file, const CsvOptions& values) {
  if (file.empty()) return nullptr;
  if (values.separator.size() != 1 && values.separator != "tab")
    throw Error(ExitCode::usage, "--separator: expected one character, or tab");
  const char separator = values.separator == "tab" ? '\t' : values.separator.front();
  return std::make_unique<CsvSource>(
      ByteInput(file),
      CsvLayout{separator, values.header, values.label, split_at_commas(values.output.class_names),
                values.output.classes});
}

}  // namespace

int convert_csv(int argc, const char* const* argv) {
  CsvOptions values;
  Options options("rondo-data convert csv",
                  "Makes one HDF5 data set from tables of numbers: a field feature of all columns "
                  "but the label's, and a field label.");
  options.group("Input");
  options.add("train", values.train, "the training table").required();
  options.add("test", values.test, "the test table");
  options.add("label", values.label, "name of the label column, or its number from 1");
  options.add("separator", values.separator, "between cells: one character, or tab");
  options.add("header", values.header,
              {{"auto", CsvHeader::automatic}, {"yes", CsvHeader::yes}, {"no", CsvHeader::no}},
              "whether the first line names the columns; auto: if no cell of it is a number");
  add_output_options(options, values.output, TestSplit::or_fraction);
  options.example(
      "rondo-data convert csv --train iris.csv --label species --class-names "
      "setosa,versicolor,virginica --test-fraction 0.2 --output iris.h5");
  return run_tool(options, argc, argv, [&] {
    return convert(values.output, {.train = open(values.train, values),
                                   .test = open(values.test, values),
                                   .origin = values.train.string()});
  });
}

}  // namespace rondo::apps
