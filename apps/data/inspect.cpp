// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/telemetry/progress.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
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

std::string shape_text(const data::DatasetInfo& info) {
  if (info.channels > 0) return fmt::format("{}x{}x{}", info.channels, info.height, info.width);
  std::vector<std::string> fields;
  for (const data::FieldInfo& field : info.fields)
    fields.push_back(data::describe(field));
  return fmt::format("{}", fmt::join(fields, "; "));
}

void print_table(const std::string& file, std::uint64_t file_bytes,
                 const std::vector<data::DatasetInfo>& splits) {
  const data::DatasetInfo& first = splits.front();
  fmt::print("{} ({})\n", file, megabytes(file_bytes));
  fmt::print("source     {}\n", first.source.empty() ? "unknown" : first.source);
  fmt::print("mean       {:.4f}\ndeviation  {:.4f}\n\n", fmt::join(first.mean, ", "),
             fmt::join(first.deviation, ", "));

  fmt::print("{:<8}{:>10}  {:<12}{:>8}{:>12}  {}\n", "split", "samples", "shape", "chunk", "stored",
             "checksum");
  for (const data::DatasetInfo& info : splits)
    fmt::print("{:<8}{:>10}  {:<12}{:>8}{:>12}  {}\n", info.split, count_text(info.samples),
               shape_text(info), info.chunk_samples, megabytes(info.bytes),
               info.checksum ? "Fletcher32" : "none");

  if (first.classes == 0) return;
  fmt::print("\n{:<8}{:<16}", "class", "name");
  for (const data::DatasetInfo& info : splits)
    fmt::print("{:>10}", info.split);
  for (std::size_t label = 0; label < first.classes; ++label) {
    fmt::print("\n{:<8}{:<16}", label, class_name(first, label));
    for (const data::DatasetInfo& info : splits)
      fmt::print("{:>10}",
                 count_text(label < info.label_counts.size() ? info.label_counts[label] : 0));
  }
  fmt::print("\n");
}

void print_json(const std::string& file, std::uint64_t file_bytes,
                const std::vector<data::DatasetInfo>& splits) {
  const data::DatasetInfo& first = splits.front();
  nlohmann::ordered_json json{{"file", file},
                              {"file_bytes", file_bytes},
                              {"source", first.source},
                              {"classes", first.classes},
                              {"class_names", first.class_names},
                              {"mean", first.mean},
                              {"deviation", first.deviation}};
  for (const data::DatasetInfo& info : splits)
    json["splits"][info.split] = {{"samples", info.samples},
                                  {"shape", {info.channels, info.height, info.width}},
                                  {"chunk_samples", info.chunk_samples},
                                  {"stored_bytes", info.bytes},
                                  {"checksum", info.checksum},
                                  {"label_counts", info.label_counts}};
  fmt::print("{}\n", json.dump(2));
}

}  // namespace

int inspect(int argc, const char* const* argv) {
  std::filesystem::path file;
  bool wants_json = false;
  Options options("rondo-data inspect",
                  "Checks a data set and says what is in it. All labels are read, images are not.");
  options.add_positional("FILE", file, "the data set");
  options.add("json", wants_json, "for programs to read");
  options.example("rondo-data inspect fashion.h5");
  return run_tool(options, argc, argv, [&] {
    std::vector<data::DatasetInfo> splits;
    for (const std::string& split : data::split_names(file))
      splits.push_back(data::Dataset(file, split, {.required = {}}).info());
    if (splits.empty())
      throw IoError(ExitCode::bad_content,
                    fmt::format("{}: is not a Rondo data set: it has no splits", file.string()));
    const auto print = wants_json ? print_json : print_table;
    print(file.string(), std::filesystem::file_size(file), splits);
    return ExitCode::ok;
  });
}

}  // namespace rondo::apps
