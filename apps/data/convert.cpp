// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/convert.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/base/philox.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/job/signals.hpp"
#include "rondo/telemetry/progress.hpp"

#include "common/say.hpp"
#include "data/progress_line.hpp"

namespace rondo::apps {
namespace {

/// Samples are read in pieces of about this size, so that an interruption is noticed soon.
constexpr std::size_t batch_bytes = std::size_t{1} << 20;
constexpr std::size_t most_batch_samples = 4096;

std::size_t batch_samples(const std::vector<data::FieldSpec>& fields) {
  std::size_t bytes = 0;
  for (const data::FieldSpec& field : fields)
    bytes += field.sample_bytes();
  return std::clamp<std::size_t>(batch_bytes / bytes, 1, most_batch_samples);
}

void throw_if_interrupted(const std::filesystem::path& output) {
  if (job::stop_requested())
    throw Error(ExitCode::requeue,
                fmt::format("interrupted: {} is as it was before", output.string()));
}

std::string samples_text(std::optional<std::size_t> samples) {
  return samples ? telemetry::with_thousands(static_cast<double>(*samples)) : "all";
}

/// Which samples of the training input become the test split.
std::function<std::size_t(std::size_t)> make_route(const OutputOptions& options,
                                                   const SampleSource& source) {
  if (options.test_fraction == 0) return [](std::size_t) { return std::size_t{0}; };
  const Philox random(options.seed, RandomPurpose::shuffle);
  if (!source.samples())  // each for itself, as the end is not known
    return [random, fraction = options.test_fraction](std::size_t sample) {
      return std::size_t{double{Philox::uniform(random.block(sample)[0])} < fraction ? 1U : 0U};
    };
  const std::size_t samples = *source.samples();
  const auto test_samples =
      static_cast<std::size_t>(std::lround(options.test_fraction * static_cast<double>(samples)));
  if (test_samples == 0 || test_samples == samples)
    throw Error(ExitCode::usage, fmt::format("--test-fraction {}: leaves one of the splits without "
                                             "samples, of {} in all",
                                             options.test_fraction, samples));
  if (source.fields().front().is_stream)  // neighbours in a text are alike: its end is the test
    return [first = samples - test_samples](std::size_t sample) {
      return std::size_t{sample >= first ? 1U : 0U};
    };
  return [samples, test_samples, seed = options.seed](std::size_t sample) {
    return std::size_t{permuted(seed, 0, samples, sample) < test_samples ? 1U : 0U};
  };
}

void require_equal_fields(const Conversion& conversion) {
  const auto& train = conversion.train->fields();
  const auto& test = conversion.test->fields();
  if (train == test) return;
  const auto text = [](const std::vector<data::FieldSpec>& fields) {
    std::vector<std::string> texts;
    for (const data::FieldSpec& field : fields)
      texts.push_back(data::describe(field));
    return fmt::format("{}", fmt::join(texts, "; "));
  };
  throw IoError(ExitCode::bad_content,
                fmt::format("the test input: expected the fields of the training input ({}), found "
                            "{}",
                            text(train), text(test)));
}

data::DatasetDescription describe(const OutputOptions& options, const Conversion& conversion) {
  data::DatasetDescription description{
      .fields = conversion.train->fields(),
      .splits = {{"train"}},
      .classes = options.classes > 0 ? options.classes : conversion.classes,
      .class_names = options.class_names.empty() ? conversion.class_names
                                                 : split_at_commas(options.class_names),
      .source = options.source.empty() ? conversion.origin : options.source,
      .storage = {options.chunk, options.shuffle, options.deflate}};
  if (conversion.test) description.splits.push_back({"test", conversion.test->samples()});
  if (options.test_fraction == 0) description.splits[0].samples = conversion.train->samples();
  if (options.test_fraction > 0) description.splits.push_back({"test"});
  const auto& names = description.class_names;
  if (description.classes == 0) description.classes = names.size();
  if (!names.empty() && names.size() != description.classes)
    throw Error(ExitCode::usage, fmt::format("--class-names: expected {} names (--classes), got {}",
                                             description.classes, names.size()));
  return description;
}

ExitCode say_what_would_be(const OutputOptions& options, const Conversion& conversion,
                           const data::DatasetDescription& description) {
  say("{} would be written:\n", options.output.string());
  const auto& samples = conversion.train->samples();
  if (options.test_fraction > 0)
    say("  train and test: {} samples, {:.4g} % of them test\n", samples_text(samples),
        100 * options.test_fraction);
  else
    for (const data::SplitDescription& split : description.splits)
      say("  {}: {} samples\n", split.name, samples_text(split.samples));
  std::size_t bytes = 0;
  for (const data::FieldSpec& field : description.fields) {
    say("  {}\n", data::describe(field));
    bytes += field.sample_bytes();
  }
  if (samples)
    say("  about {:.1f} MB of training samples before compression\n",
        static_cast<double>(bytes) * static_cast<double>(*samples) / 1e6);
  return ExitCode::ok;
}

}  // namespace

void add_output_options(Options& options, OutputOptions& values, TestSplit test) {
  options.group("Output");
  options.add("output", values.output, "the data set to make; replaced once complete").required();
  options.add("chunk", values.chunk, "samples stored together; 0: as suits their size")
      .between(0, 16'777'216);
  options.add("shuffle", values.shuffle, "store bytes of equal significance together");
  options.add("deflate", values.deflate, "compress: 1 (fast) to 9 (small)").between(0, 9);
  options.add("classes", values.classes, "number of classes; 0: as the input has")
      .between(0, 1'048'576);
  options.add("class-names", values.class_names, "their names, separated by commas");
  options.add("source", values.source, "noted in the file; default: where the samples came from");
  if (test == TestSplit::or_fraction) {
    options.add("test-fraction", values.test_fraction, "share of the samples to keep for testing")
        .between(0, 0.9999);
    options.add("seed", values.seed, "decides which samples these are");
  }
  options.add("dry-run", values.dry_run, "only say what would be written");
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; !text.empty() && begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

void copy_samples(SampleSource& source, const std::string& title,
                  const std::vector<std::string>& splits,
                  const std::function<std::size_t(std::size_t)>& route,
                  const std::filesystem::path& output, data::DatasetWriter& writer) {
  ProgressLine progress(title);
  SampleBatch batch(source.fields(), batch_samples(source.fields()));
  std::size_t done = 0;
  while (const std::size_t count = source.read(batch)) {
    throw_if_interrupted(output);
    for (std::size_t first = 0; first < count;) {
      const std::size_t split = route(done + first);
      std::size_t last = first + 1;
      while (last < count && route(done + last) == split)
        ++last;
      std::vector<std::span<const std::byte>> fields;
      for (std::size_t field = 0; field < batch.field_count(); ++field)
        fields.emplace_back(batch.samples(field, first, last - first));
      writer.append(splits[split], last - first, fields);
      first = last;
    }
    done += count;
    source.samples() ? progress.update(done, *source.samples()) : progress.update(done);
  }
}

void report(const std::filesystem::path& file, double seconds) {
  std::vector<std::string> counts;
  std::vector<data::DatasetInfo> splits;
  for (const std::string& split : data::split_names(file)) {
    splits.push_back(data::Dataset(file, split, {.required = {}}).info());
    counts.push_back(
        fmt::format("{} {}", telemetry::with_thousands(static_cast<double>(splits.back().samples)),
                    split == "train" ? "training" : split));
  }
  const data::DatasetInfo& info = splits.front();
  std::vector<std::string> fields;
  for (const data::FieldInfo& field : info.fields)
    fields.push_back(data::describe(field));
  std::string text = info.channels > 0
                         ? fmt::format("{}x{}x{}", info.channels, info.height, info.width)
                         : fmt::format("{}", fmt::join(fields, "; "));
  if (info.classes > 0) text += fmt::format(", {} classes", info.classes);
  if (info.channels > 0)
    text += fmt::format(", mean {:.4f}, deviation {:.4f}", fmt::join(info.mean, ", "),
                        fmt::join(info.deviation, ", "));
  say("{}: {} samples of {}, {:.1f} MB, {:.1f} s\n", file.string(), fmt::join(counts, " and "),
      text, static_cast<double>(std::filesystem::file_size(file)) / 1e6, seconds);
}

ExitCode convert(const OutputOptions& options, Conversion conversion) {
  const auto start = std::chrono::steady_clock::now();
  if (conversion.test && options.test_fraction > 0)
    throw Error(ExitCode::usage, "--test-fraction: means nothing beside a test input");
  if (conversion.test) require_equal_fields(conversion);
  const data::DatasetDescription description = describe(options, conversion);
  const auto route = make_route(options, *conversion.train);
  if (options.dry_run) return say_what_would_be(options, conversion, description);

  job::install_stop_signals();
  data::DatasetWriter writer(options.output, description);
  copy_samples(*conversion.train, "converting train", {"train", "test"}, route, options.output,
               writer);
  if (conversion.test)
    copy_samples(
        *conversion.test, "converting test", {"test"}, [](std::size_t) { return std::size_t{0}; },
        options.output, writer);
  throw_if_interrupted(options.output);
  writer.finish();
  report(options.output,
         std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  for (const std::string& note : conversion.notes)
    say("note: {}\n", note);
  if (description.splits.size() == 1)
    say("note: there is no test split: rondo-data split makes one\n");
  return ExitCode::ok;
}

}  // namespace rondo::apps
