// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rondo/base/exit_code.hpp"
#include "rondo/data/dataset_writer.hpp"

#include "common/options.hpp"
#include "data/sources/sample_source.hpp"

namespace rondo::apps {

/// What all formats have in common.
struct OutputOptions {
  std::filesystem::path output = {};
  std::size_t chunk = 0;
  bool shuffle = false;
  int deflate = 0;
  std::size_t classes = 0;
  std::string class_names = {};
  std::string source = {};
  double test_fraction = 0;
  std::uint64_t seed = 0;
  bool dry_run = false;
};

enum class TestSplit { own_input, or_fraction };

/// Adds the options of the output; those of a test split taken from the training input only for
/// formats that may come without one.
void add_output_options(Options& options, OutputOptions& values, TestSplit test);

/// The parts between commas; none of an empty text.
std::vector<std::string> split_at_commas(const std::string& text);

/// What a format has found in its input.
struct Conversion {
  std::unique_ptr<SampleSource> train = {};
  std::unique_ptr<SampleSource> test = {};  ///< none: --test-fraction, or no test split
  std::size_t classes = 0;                  ///< 0: the highest label + 1
  std::vector<std::string> class_names = {};
  std::string origin = {};              ///< noted as source unless --source says otherwise
  std::vector<std::string> notes = {};  ///< printed at the end
};

/// Copies all samples into the output and says what it holds; with --dry-run, only says it.
/// Interrupted by SIGINT or SIGTERM it ends with 75 and leaves nothing.
ExitCode convert(const OutputOptions& options, Conversion conversion);

/// Copies samples of a source to where `route(sample)` says: an index into `splits`.
void copy_samples(SampleSource& source, const std::string& title,
                  const std::vector<std::string>& splits,
                  const std::function<std::size_t(std::size_t)>& route,
                  const std::filesystem::path& output, data::DatasetWriter& writer);

/// One line about a finished data set.
void report(const std::filesystem::path& file, double seconds);

}  // namespace rondo::apps
