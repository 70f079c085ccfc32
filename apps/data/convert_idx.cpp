// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/data/dataset_writer.hpp"
#include "rondo/telemetry/progress.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "data/commands.hpp"
#include "data/idx_file.hpp"
#include "data/progress_line.hpp"

namespace rondo::apps {
namespace {

struct ConvertOptions {
  std::filesystem::path directory;
  std::filesystem::path train_images, train_labels, test_images, test_labels;
  std::filesystem::path output;
  std::size_t chunk = 256;
  std::size_t classes = 10;
  std::string class_names;
  std::string source;
};

void add_options(Options& options, ConvertOptions& values) {
  options.group("Input");
  options.add("directory", values.directory, "where the four files of MNIST and its like lie");
  options.add("train-images", values.train_images, "IDX file of training images, plain or gzipped");
  options.add("train-labels", values.train_labels, "IDX file of training labels");
  options.add("test-images", values.test_images, "IDX file of test images");
  options.add("test-labels", values.test_labels, "IDX file of test labels");
  options.group("Output");
  options.add("output", values.output, "the data set to make; replaced once complete").required();
  options.add("chunk", values.chunk, "samples stored together").between(1, 65536);
  options.add("classes", values.classes, "number of classes").between(1, 256);
  options.add("class-names", values.class_names, "their names, separated by commas");
  options.add("source", values.source, "noted in the file; default: where the images came from");
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

void complete_inputs(ConvertOptions& values) {
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

/// The parts between commas; none of an empty text.
std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; !text.empty() && begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    names.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

/// One split's images, open at the first, and its labels, all checked.
struct Split {
  std::string name;
  IdxFile images;
  std::vector<std::uint8_t> labels;
};

std::vector<std::uint8_t> read_labels(const std::filesystem::path& path, const IdxFile& images,
                                      std::size_t classes) {
  IdxFile file(path, 1, "labels");
  const std::size_t samples = images.shape()[0];
  if (file.shape()[0] != samples)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: expected {} labels, one for each image of {}, found {}",
                              file.path(), samples, images.path(), file.shape()[0]));
  std::vector<std::uint8_t> labels(samples);
  file.read(labels);
  file.require_end();
  const auto bad = std::find_if(labels.begin(), labels.end(),
                                [classes](std::uint8_t label) { return label >= classes; });
  if (bad != labels.end())
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: expected labels below {} (--classes), found {} at sample {}",
                              file.path(), classes, *bad, bad - labels.begin()));
  return labels;
}

Split open_split(const std::string& name, const std::filesystem::path& images_path,
                 const std::filesystem::path& labels_path, std::size_t classes) {
  IdxFile images(images_path, 3, "images");
  auto labels = read_labels(labels_path, images, classes);
  return {name, std::move(images), std::move(labels)};
}

void require_equal_images(const IdxFile& train, const IdxFile& test) {
  if (std::equal(train.shape().begin() + 1, train.shape().end(), test.shape().begin() + 1)) return;
  throw IoError(ExitCode::bad_content,
                fmt::format("{}: expected images of {}x{} as in {}, found {}x{}", test.path(),
                            train.shape()[1], train.shape()[2], train.path(), test.shape()[1],
                            test.shape()[2]));
}

/// Copies a split chunk by chunk.
void copy_split(Split& split, std::size_t chunk, data::DatasetWriter& writer) {
  const Shape& shape = split.images.shape();
  const std::size_t pixels = shape[1] * shape[2];
  ProgressLine progress(fmt::format("converting {}", split.name));
  std::vector<std::uint8_t> buf(std::min(chunk, shape[0]) * pixels);
  for (std::size_t first = 0; first < shape[0]; first += chunk) {
    const std::size_t count = std::min(chunk, shape[0] - first);
    const auto images = std::span(buf).first(count * pixels);
    split.images.read(images);
    const std::array<std::span<const std::byte>, 2> fields{
        std::as_bytes(images), std::as_bytes(std::span(split.labels).subspan(first, count))};
    writer.append(split.name, count, fields);
    progress.update(first + count, shape[0]);
  }
  split.images.require_end();
}

data::DatasetDescription describe(const ConvertOptions& values, const Split& train,
                                  const Split& test) {
  const std::string origin =
      values.directory.empty() ? values.train_images.string() : values.directory.string();
  const Shape& shape = train.images.shape();
  data::DatasetDescription description{
      .fields = {{.name = "image", .sample_shape = {1, shape[1], shape[2]}}, {.name = "label"}},
      .splits = {{"train", train.labels.size()}, {"test", test.labels.size()}},
      .classes = values.classes,
      .class_names = split_names(values.class_names),
      .source = values.source.empty() ? origin : values.source,
      .storage = {.chunk_samples = values.chunk}};
  if (!description.class_names.empty() && description.class_names.size() != values.classes)
    throw Error(ExitCode::usage, fmt::format("--class-names: expected {} names (--classes), got {}",
                                             values.classes, description.class_names.size()));
  return description;
}

void report(const ConvertOptions& values, double seconds) {
  const data::Dataset written(values.output, "train");
  const data::DatasetInfo& info = written.info();
  const auto test_samples = data::Dataset(values.output, "test").info().samples;
  fmt::print(
      "{}: {} training and {} test samples of {}x{}x{}, {} classes, mean {:.4f}, "
      "deviation {:.4f}, {:.1f} MB, {:.1f} s\n",
      values.output.string(), telemetry::with_thousands(static_cast<double>(info.samples)),
      telemetry::with_thousands(static_cast<double>(test_samples)), info.channels, info.height,
      info.width, info.classes, fmt::join(info.mean, ", "), fmt::join(info.deviation, ", "),
      static_cast<double>(std::filesystem::file_size(values.output)) / 1e6, seconds);
}

ExitCode convert(ConvertOptions values) {
  const auto start = std::chrono::steady_clock::now();
  complete_inputs(values);
  Split train = open_split("train", values.train_images, values.train_labels, values.classes);
  Split test = open_split("test", values.test_images, values.test_labels, values.classes);
  require_equal_images(train.images, test.images);

  data::DatasetWriter writer(values.output, describe(values, train, test));
  copy_split(train, values.chunk, writer);
  copy_split(test, values.chunk, writer);
  writer.finish();
  report(values, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return ExitCode::ok;
}

}  // namespace

int convert_idx(int argc, const char* const* argv) {
  ConvertOptions values;
  Options options("rondo-data convert idx",
                  "Makes one HDF5 data set from four IDX files: images and labels of the training "
                  "and of the test split.");
  add_options(options, values);
  return run_tool(options, argc, argv, [&] { return convert(values); });
}

}  // namespace rondo::apps
