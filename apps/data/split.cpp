// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/base/philox.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/data/dataset_writer.hpp"
#include "rondo/job/signals.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "common/say.hpp"
#include "data/commands.hpp"
#include "data/convert.hpp"

namespace rondo::apps {
namespace {

constexpr std::size_t cache_bytes = std::size_t{32} << 20;

struct SplitOptions {
  std::filesystem::path file;
  std::string from = "train", into, fields;
  double fraction = 0.1;
  std::uint64_t seed = 0;
  OutputOptions output;
};

/// One split of a data set, from front to back.
class DatasetSource final : public SampleSource {
 public:
  explicit DatasetSource(data::Dataset dataset) : dataset_(std::move(dataset)) {
    fields_.assign(dataset_.fields().begin(), dataset_.fields().end());
  }

  const data::DatasetInfo& info() const { return dataset_.info(); }
  const std::vector<data::FieldSpec>& fields() const override { return fields_; }
  std::optional<std::size_t> samples() const override { return info().samples; }

  std::size_t read(SampleBatch& batch) override {
    std::vector<std::uint64_t> samples(std::min(batch.capacity(), info().samples - samples_read_));
    std::iota(samples.begin(), samples.end(), samples_read_);
    for (std::size_t i = 0; i < fields_.size(); ++i)
      dataset_.read_field_bytes(fields_[i].name, samples, batch.samples(i, 0, samples.size()));
    samples_read_ += samples.size();
    return samples.size();
  }

  /// The class of a sample; 0 where there are no labels.
  std::size_t label(std::uint64_t sample) {
    if (info().classes == 0) return 0;
    const data::FieldInfo& field = data::find_field(info().fields, "label");
    std::int64_t label = 0;  // little-endian, as the file's
    dataset_.read_field_bytes(
        "label", {&sample, 1},
        std::as_writable_bytes(std::span(&label, 1)).first(size_of(field.dtype)));
    return static_cast<std::size_t>(label);
  }

 private:
  data::Dataset dataset_;
  std::vector<data::FieldSpec> fields_;
  std::size_t samples_read_ = 0;
};

/// Chooses the share of each class, without a table: samples are asked for from front to back.
class StratifiedChoice {
 public:
  StratifiedChoice(std::vector<std::uint64_t> counts, double fraction, std::uint64_t seed)
      : counts_(std::move(counts)), seen_(counts_.size()), fraction_(fraction), seed_(seed) {}

  bool next(std::size_t label) {
    const std::uint64_t count = counts_[label];
    return permuted(seed_, static_cast<std::uint32_t>(label), count, seen_[label]++) <
           chosen(count);
  }
  std::uint64_t chosen() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0},
                           [this](std::uint64_t sum, std::uint64_t n) { return sum + chosen(n); });
  }

 private:
  std::uint64_t chosen(std::uint64_t count) const {
    return static_cast<std::uint64_t>(std::llround(fraction_ * static_cast<double>(count)));
  }

  std::vector<std::uint64_t> counts_, seen_;
  double fraction_;
  std::uint64_t seed_;
};

/// The other splits of the file, which are copied as they are.
std::vector<std::string> other_splits(const SplitOptions& values) {
  if (!values.fields.empty()) return {};
  std::vector<std::string> names = data::split_names(values.file);
  names.erase(std::remove(names.begin(), names.end(), values.from), names.end());
  return names;
}

std::string name_of_new_split(const SplitOptions& values, const std::vector<std::string>& others) {
  const bool has_test = std::find(others.begin(), others.end(), "test") != others.end();
  const std::string name = !values.into.empty() ? values.into : has_test ? "validation" : "test";
  if (name == values.from || std::find(others.begin(), others.end(), name) != others.end())
    throw Error(ExitCode::usage, fmt::format("--into '{}': {} has a split of that name already",
                                             name, values.file.string()));
  return name;
}

data::Dataset open(const SplitOptions& values, const std::string& split) {
  return {values.file,
          split,
          {.cache_bytes = cache_bytes,
           .required = {},
           .field_map = data::parse_field_map(values.fields),
           .given = {.classes = values.output.classes}}};
}

data::DatasetDescription describe(const SplitOptions& values, const DatasetSource& source,
                                  const std::string& into, const std::vector<std::string>& others) {
  const data::DatasetInfo& info = source.info();
  data::DatasetDescription description{
      .fields = source.fields(),
      .splits = {{values.from}, {into}},
      .classes = info.classes,
      .class_names = info.class_names,
      .source = info.source.empty() ? values.file.string() : info.source,
      .storage = {values.output.chunk, values.output.shuffle, values.output.deflate}};
  for (const std::string& other : others)
    description.splits.push_back({other});
  return description;
}

ExitCode split(const SplitOptions& values) {
  const auto start = std::chrono::steady_clock::now();
  const std::vector<std::string> others = other_splits(values);
  const std::string into = name_of_new_split(values, others);
  DatasetSource source(open(values, values.from));
  const data::DatasetInfo& info = source.info();
  StratifiedChoice choice(
      info.classes > 0 ? info.label_counts : std::vector<std::uint64_t>{info.samples},
      values.fraction, values.seed);
  if (choice.chosen() == 0 || choice.chosen() == info.samples)
    throw Error(ExitCode::usage,
                fmt::format("--fraction {}: leaves one of the splits without samples, of {} in all",
                            values.fraction, info.samples));
  if (values.output.dry_run) {
    say("{} would be written: {} {} and {} {} samples{}{}\n", values.output.output.string(),
        info.samples - choice.chosen(), values.from, choice.chosen(), into,
        others.empty() ? "" : ", and as they are: ", fmt::join(others, ", "));
    return ExitCode::ok;
  }

  job::install_stop_signals();
  data::DatasetWriter writer(values.output.output, describe(values, source, into, others));
  std::vector<bool> is_chosen;  // a bit a sample
  const auto route = [&](std::size_t sample) {
    while (is_chosen.size() <= sample)
      is_chosen.push_back(choice.next(source.label(is_chosen.size())));
    return std::size_t{is_chosen[sample] ? 1U : 0U};
  };
  copy_samples(source, "splitting " + values.from, {values.from, into}, route, values.output.output,
               writer);
  for (const std::string& other : others) {
    DatasetSource unchanged(open(values, other));
    copy_samples(
        unchanged, "copying " + other, {other}, [](std::size_t) { return std::size_t{0}; },
        values.output.output, writer);
  }
  writer.finish();
  report(values.output.output,
         std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return ExitCode::ok;
}

}  // namespace

int split(int argc, const char* const* argv) {
  SplitOptions values;
  Options options("rondo-data split",
                  "Copies a data set with a part of one split, the same share of each class, as a "
                  "split of its own.");
  options.add_positional("FILE", values.file, "the data set, or with --field any HDF5 file");
  options.group("Input");
  options.add("from", values.from, "the split to divide");
  options.add("into", values.into, "the new split; default: test, or validation beside a test");
  options.add("fraction", values.fraction, "share of the samples that goes there")
      .between(1e-9, 0.999999);
  options.add("seed", values.seed, "decides which samples these are");
  options.add("field", values.fields, "NAME=PATH,...: where a foreign file keeps its fields");
  options.group("Output");
  options.add("output", values.output.output, "the data set to make; replaced once complete")
      .required();
  options.add("chunk", values.output.chunk, "samples stored together; 0: as suits their size")
      .between(0, 16'777'216);
  options.add("shuffle", values.output.shuffle, "store bytes of equal significance together");
  options.add("deflate", values.output.deflate, "compress: 1 (fast) to 9 (small)").between(0, 9);
  options.add("classes", values.output.classes, "number of classes; 0: as the file says");
  options.add("dry-run", values.output.dry_run, "only say what would be written");
  options.example("rondo-data split all.h5 --fraction 0.1 --output divided.h5");
  return run_tool(options, argc, argv, [&] { return split(values); });
}

}  // namespace rondo::apps
