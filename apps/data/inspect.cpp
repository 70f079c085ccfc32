// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/data/lane_sampler.hpp"
#include "rondo/data/loader_memory.hpp"
#include "rondo/data/storage_report.hpp"
#include "rondo/telemetry/progress.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "common/say.hpp"
#include "data/commands.hpp"

namespace rondo::apps {
namespace {

std::string count_text(std::uint64_t count) {
  return telemetry::with_thousands(static_cast<double>(count));
}

std::string megabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

std::string class_name(const data::DatasetInfo& info, std::size_t label) {
  return info.class_names.empty() ? "" : info.class_names[label];
}

struct InspectOptions {
  std::filesystem::path file;
  std::string fields;
  std::size_t lanes = 8;
  std::size_t batch = 32;
  bool json = false;
};

struct Split {
  data::DatasetInfo info;
  std::vector<data::FieldStorage> fields;
  double mixing = 0;  ///< of steps as the options say, with the automatic window
};

double mixing_of(const data::DatasetInfo& info, const InspectOptions& options) {
  return data::LaneSampler({.samples = info.samples,
                            .chunk_samples = info.chunk_samples,
                            .lanes = options.lanes,
                            .micro_batch = options.batch,
                            .window = data::automatic_window(info)})
      .mixing();
}

std::vector<Split> read_splits(const InspectOptions& options) {
  const data::FieldMap map = data::parse_field_map(options.fields);
  std::vector<Split> splits;
  for (const std::string& name : data::split_names(options.file, map)) {
    data::Dataset dataset(options.file, name, {.required = {}, .field_map = map});
    splits.push_back({dataset.info(), data::field_storage(options.file, name, map),
                      mixing_of(dataset.info(), options)});
  }
  if (splits.empty())
    throw IoError(
        ExitCode::bad_content,
        fmt::format("{}: is not a Rondo data set: it has no splits", options.file.string()));
  return splits;
}

std::vector<std::string> filters_of(const data::FieldStorage& field) {
  std::vector<std::string> filters;
  if (field.shuffle) filters.emplace_back("shuffle");
  if (field.deflate_level > 0) filters.push_back(fmt::format("deflate {}", field.deflate_level));
  if (field.field.checksum) filters.emplace_back("Fletcher32");
  return filters;
}

std::string filters_text(const data::FieldStorage& field) {
  const std::vector<std::string> filters = filters_of(field);
  return filters.empty() ? "none" : fmt::format("{}", fmt::join(filters, ", "));
}

/// A line for each field of each split.
void print_fields(const std::vector<Split>& splits) {
  say("{:<36}{:>10}{:>9}{:>10}{:>12}  {}\n", "field", "samples", "chunks", "chunk of", "stored",
      "filters");
  for (const Split& split : splits)
    for (const data::FieldStorage& field : split.fields)
      say("{:<36}{:>10}{:>9}{:>10}{:>12}  {}\n",
          split.info.split + "/" + data::describe(field.field), count_text(field.field.samples),
          count_text(field.chunk_bytes.size()),
          count_text(std::min(field.field.chunk_samples, field.field.samples)),
          megabytes(field.field.stored_bytes), filters_text(field));
}

void print_classes(const std::vector<Split>& splits) {
  const data::DatasetInfo& first = splits.front().info;
  say("\n{:<8}{:<16}", "class", "name");
  for (const Split& split : splits)
    say("{:>12}", split.info.split);
  for (std::size_t label = 0; label < first.classes; ++label) {
    say("\n{:<8}{:<16}", label, class_name(first, label));
    for (const Split& split : splits) {
      const auto& counts = split.info.label_counts;
      say("{:>12}", count_text(label < counts.size() ? counts[label] : 0));
    }
  }
  say("\n");
}

void print_splits_table(const InspectOptions& options, const std::vector<Split>& splits) {
  const data::DatasetInfo& first = splits.front().info;
  say("{} ({})\n", options.file.string(), megabytes(std::filesystem::file_size(options.file)));
  say("source     {}\n", first.source.empty() ? "unknown" : first.source);
  if (!first.mean.empty())
    say("mean       {:.4f}\ndeviation  {:.4f}\n", fmt::join(first.mean, ", "),
        fmt::join(first.deviation, ", "));
  say("mixing     {:.2f} of a uniform shuffle, in {} lanes of {} samples\n", splits.front().mixing,
      options.lanes, options.batch);
  for (const Split& split : splits)
    for (const std::string& note : split.info.notes)
      say("note       {}\n", note);
  say("\n");
  print_fields(splits);
  if (first.classes > 0) print_classes(splits);
}

nlohmann::ordered_json json_of(const data::FieldStorage& storage) {
  const data::FieldInfo& field = storage.field;
  nlohmann::ordered_json json{{"name", field.name},
                              {"path", field.path},
                              {"dtype", name_of(field.dtype)},
                              {"sample_shape", field.sample_shape},
                              {"stream", field.is_stream},
                              {"chunks", storage.chunk_bytes.size()},
                              {"chunk_samples", field.chunk_samples},
                              {"stored_bytes", field.stored_bytes},
                              {"value_bytes", storage.value_bytes()},
                              {"filters", filters_of(storage)},
                              {"obstacle", storage.obstacle}};
  if (field.vocabulary > 0) json["vocabulary"] = field.vocabulary;
  return json;
}

void print_splits_json(const InspectOptions& options, const std::vector<Split>& splits) {
  const data::DatasetInfo& first = splits.front().info;
  nlohmann::ordered_json json{
      {"file", options.file.string()},    {"file_bytes", std::filesystem::file_size(options.file)},
      {"source", first.source},           {"classes", first.classes},
      {"class_names", first.class_names}, {"mean", first.mean},
      {"deviation", first.deviation}};
  for (const Split& split : splits) {
    const data::DatasetInfo& info = split.info;
    nlohmann::ordered_json& entry = json["splits"][info.split];
    entry = {{"samples", info.samples},
             {"shape", {info.channels, info.height, info.width}},
             {"chunk_samples", info.chunk_samples},
             {"stored_bytes", info.bytes},
             {"checksum", info.checksum},
             {"label_counts", info.label_counts},
             {"mixing", split.mixing},
             {"notes", info.notes},
             {"fields", nlohmann::json::array()}};
    for (const data::FieldStorage& field : split.fields)
      entry["fields"].push_back(json_of(field));
  }
  fmt::print("{}\n", json.dump(2));
}

}  // namespace

int inspect(int argc, const char* const* argv) {
  InspectOptions values;
  Options options("rondo-data inspect",
                  "Checks a data set and says what is in it. All labels are read, images are not.");
  options.add_positional("FILE", values.file, "the data set");
  options.add("json", values.json, "for programs to read");
  options.add("field", values.fields,
              "where a file of another make has its fields: image=/x/{split},label=/y/{split}");
  options.add("lanes", values.lanes, "that the mixing measure is for").at_least(1);
  options.add("batch", values.batch, "samples of a lane a step, for the same").at_least(1);
  options.example("rondo-data inspect fashion.h5");
  return run_tool(options, argc, argv, [&] {
    const std::vector<Split> splits = read_splits(values);
    const auto print = values.json ? print_splits_json : print_splits_table;
    print(values, splits);
    return ExitCode::ok;
  });
}

}  // namespace rondo::apps
