// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "data/commands.hpp"
#include "data/convert.hpp"
#include "data/sources/cifar_source.hpp"

namespace rondo::apps {
namespace {

/// What the archive of the binary version holds.
struct CifarFiles {
  std::size_t classes;
  std::vector<const char*> train, test;
  const char* names;
};

const CifarFiles cifar10_files{10,
                               {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                "data_batch_4.bin", "data_batch_5.bin"},
                               {"test_batch.bin"},
                               "batches.meta.txt"};
const CifarFiles cifar100_files{100, {"train.bin"}, {"test.bin"}, "fine_label_names.txt"};

std::unique_ptr<CifarSource> open(const std::filesystem::path& directory,
                                  const std::vector<const char*>& names, std::size_t classes) {
  std::vector<ByteInput> files;
  for (const char* name : names)
    files.emplace_back(directory / name);
  return std::make_unique<CifarSource>(std::move(files), classes);
}

/// The file's lines, if it is there and has one for each class.
std::vector<std::string> read_names(const std::filesystem::path& file, std::size_t classes) {
  std::vector<std::string> names;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line) && names.size() < classes;)
    if (!line.empty()) names.push_back(line);
  return names.size() == classes ? names : std::vector<std::string>();
}

int convert_cifar(const CifarFiles& files, int argc, const char* const* argv) {
  const std::string name = "rondo-data convert cifar" + std::to_string(files.classes);
  std::filesystem::path directory;
  OutputOptions output;
  Options options(name, "Makes one HDF5 data set from CIFAR's binary version.");
  options.group("Input");
  options.add("directory", directory, "where the .bin files lie").required();
  add_output_options(options, output, TestSplit::own_input);
  options.example(name + " --directory cifar --output cifar.h5");
  return run_tool(options, argc, argv, [&] {
    return convert(output, {.train = open(directory, files.train, files.classes),
                            .test = open(directory, files.test, files.classes),
                            .classes = files.classes,
                            .class_names = read_names(directory / files.names, files.classes),
                            .origin = directory.string()});
  });
}

}  // namespace

int convert_cifar10(int argc, const char* const* argv) {
  return convert_cifar(cifar10_files, argc, argv);
}

int convert_cifar100(int argc, const char* const* argv) {
  return convert_cifar(cifar100_files, argc, argv);
}

}  // namespace rondo::apps
