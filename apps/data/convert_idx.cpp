// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "data/commands.hpp"
#include "data/convert.hpp"
#include "data/sources/idx_source.hpp"

namespace rondo::apps {
namespace {

struct IdxOptions {
  std::filesystem::path directory;
  std::filesystem::path train_images, train_labels, test_images, test_labels;
  OutputOptions output{.classes = 10};
};

void add_options(Options& options, IdxOptions& values) {
  options.group("Input");
  options.add("directory", values.directory, "where the four files of MNIST and its like lie");
  options.add("train-images", values.train_images, "IDX file of training images, plain or gzipped");
  options.add("train-labels", values.train_labels, "IDX file of training labels");
  options.add("test-images", values.test_images, "IDX file of test images");
  options.add("test-labels", values.test_labels, "IDX file of test labels");
  add_output_options(options, values.output, TestSplit::own_input);
  options.example(
      "rondo-data convert idx --directory /usr/share/datasets/fashion-mnist --output fashion.h5");
}

/// `directory`/name or, preferred if it exists, the same with .gz.
std::filesystem::path find_in(const std::filesystem::path& directory, const char* name) {
  std::filesystem::path plain = directory / name;
  std::filesystem::path gzipped = plain;
  gzipped += ".gz";
  std::error_code problem;
  if (std::filesystem::exists(gzipped, problem)) return gzipped;
  if (std::filesystem::exists(plain, problem)) return plain;
  if (problem)
    throw IoError(ExitCode::missing_input,
                  fmt::format("cannot look into {}: {}", directory.string(), problem.message()));
  throw IoError(
      ExitCode::missing_input,
      fmt::format("{}: expected {} or {}.gz there, found neither", directory.string(), name, name));
}

void complete_inputs(IdxOptions& values) {
  const auto complete = [&](std::filesystem::path& file, const char* option, const char* name) {
    if (!file.empty()) return;
    if (values.directory.empty())
      throw Error(ExitCode::usage,
                  fmt::format("--{} is missing: give --directory, or all four files", option));
    file = find_in(values.directory, name);
  };
  complete(values.train_images, "train-images", "train-images-idx3-ubyte");
  complete(values.train_labels, "train-labels", "train-labels-idx1-ubyte");
  complete(values.test_images, "test-images", "t10k-images-idx3-ubyte");
  complete(values.test_labels, "test-labels", "t10k-labels-idx1-ubyte");
}

ExitCode convert_files(IdxOptions values) {
  constexpr std::size_t most_classes = 256;  // labels are bytes
  complete_inputs(values);
  const std::size_t classes = values.output.classes > 0 ? values.output.classes : most_classes;
  return convert(
      values.output,
      {.train = std::make_unique<IdxSource>(values.train_images, values.train_labels, classes),
       .test = std::make_unique<IdxSource>(values.test_images, values.test_labels, classes),
       .origin =
           values.directory.empty() ? values.train_images.string() : values.directory.string()});
}

}  // namespace

int convert_idx(int argc, const char* const* argv) {
  IdxOptions values;
  Options options("rondo-data convert idx",
                  "Makes one HDF5 data set from four IDX files: images and labels of the training "
                  "and of the test split.");
  add_options(options, values);
  return run_tool(options, argc, argv, [&] { return convert_files(values); });
}

}  // namespace rondo::apps
