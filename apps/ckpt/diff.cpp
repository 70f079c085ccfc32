// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"
#include "rondo/base/printable.hpp"
#include "rondo/checkpoint/inspect.hpp"

#include "ckpt/commands.hpp"
#include "ckpt/json_output.hpp"
#include "ckpt/locate.hpp"
#include "ckpt/tensor_difference.hpp"
#include "ckpt/text.hpp"
#include "common/options.hpp"
#include "common/run_main.hpp"

namespace rondo::apps {
namespace {

using checkpoint::Reader;
using checkpoint::TensorEntry;

struct Row {
  std::string name;
  std::size_t elements = 0;
  std::string problem;  ///< not comparable: on one side only, or of other shapes
  TensorDifference difference;

  bool is_equal() const { return problem.empty() && difference.different == 0; }
};

/// Piece by piece, as a tensor may be larger than the memory.
TensorDifference difference_in(const Reader& a, const Reader& b, const TensorEntry& in_a,
                               const TensorEntry& in_b) {
  TensorDifference difference;
  std::vector<float> of_b;
  std::size_t first = 0;
  a.read_in_pieces(in_a, [&](std::span<const float> of_a) {
    of_b.resize(of_a.size());
    b.read(in_b, first, of_b);
    difference.add(difference_of(of_a, of_b));
    first += of_a.size();
  });
  return difference;
}

Row compare(const Reader& a, const Reader& b, const TensorEntry& in_a, const TensorEntry& in_b) {
  Row row{
      .name = in_a.name, .elements = element_count(in_a.shape), .problem = {}, .difference = {}};
  if (in_a.shape != in_b.shape)
    row.problem = fmt::format("{} against {}", shape_text(in_a.shape), shape_text(in_b.shape));
  else
    row.difference = difference_in(a, b, in_a, in_b);
  return row;
}

/// A row for each tensor: those of `a` in its order, then what only `b` has.
std::vector<Row> compare_all(const Reader& a, const Reader& b) {
  std::map<std::string_view, const TensorEntry*> rest;
  for (const TensorEntry& tensor : b.contents().tensors)
    rest[tensor.name] = &tensor;
  std::vector<Row> rows;
  for (const TensorEntry& tensor : a.contents().tensors) {
    const auto match = rest.extract(tensor.name);
    if (match.empty())
      rows.push_back({tensor.name, element_count(tensor.shape), "only in the first", {}});
    else
      rows.push_back(compare(a, b, tensor, *match.mapped()));
  }
  for (const auto& [name, tensor] : rest)
    rows.push_back({tensor->name, element_count(tensor->shape), "only in the second", {}});
  return rows;
}

/// Keys whose values differ or that only one has.
std::vector<std::string> metadata_differences(const checkpoint::Metadata& a,
                                              const checkpoint::Metadata& b) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : a)
    if (const auto other = b.find(key); other == b.end() || other->second != value)
      keys.push_back(key);
  for (const auto& [key, value] : b)
    if (!a.contains(key)) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

std::string result_text(const Row& row) {
  if (!row.problem.empty()) return row.problem;
  if (row.is_equal()) return "equal";
  const TensorDifference& difference = row.difference;
  std::string text =
      fmt::format("{} of {} differ, by at most {:.6g} ({} ulps)", difference.different,
                  row.elements, difference.most, difference.most_ulps);
  if (difference.not_finite > 0)
    text += fmt::format("; {} of them not finite", difference.not_finite);
  return text;
}

void print_text(const Reader& a, const Reader& b, const std::vector<Row>& rows) {
  std::size_t width = 0;
  for (const Row& row : rows)
    width = std::max(width, printable(row.name).size());
  for (const Row& row : rows)
    fmt::print("{:<{}}  {}\n", printable(row.name), width, result_text(row));
  for (const std::string& key : metadata_differences(a.contents().metadata, b.contents().metadata))
    fmt::print("metadata {} differs\n", printable(key));
  const auto equal =
      std::count_if(rows.begin(), rows.end(), [](const Row& row) { return row.is_equal(); });
  fmt::print("{} of {} tensors are equal, of steps {} and {}\n", equal, rows.size(),
             a.contents().step, b.contents().step);
}

void print_json(const Reader& a, const Reader& b, const std::vector<Row>& rows) {
  nlohmann::ordered_json json{
      {"first", {{"directory", a.contents().directory.string()}, {"step", a.contents().step}}},
      {"second", {{"directory", b.contents().directory.string()}, {"step", b.contents().step}}},
      {"metadata", metadata_differences(a.contents().metadata, b.contents().metadata)},
      {"tensors", nlohmann::json::array()}};
  for (const Row& row : rows) {
    nlohmann::ordered_json entry{{"name", row.name}, {"equal", row.is_equal()}};
    if (!row.problem.empty()) {
      entry["problem"] = row.problem;
    } else if (!row.is_equal()) {
      entry["elements"] = row.elements;
      entry["different"] = row.difference.different;
      entry["not_finite"] = row.difference.not_finite;
      entry["max_difference"] = row.difference.most;
      entry["max_ulps"] = row.difference.most_ulps;
    }
    json["tensors"].push_back(std::move(entry));
  }
  print(json);
}

}  // namespace

int diff(int argc, const char* const* argv) {
  std::filesystem::path first;
  std::filesystem::path second;
  bool json = false;
  Options options("rondo-ckpt diff",
                  "Compares two checkpoints tensor by tensor: equal bit for bit, or how many "
                  "elements differ and by how much. Ends with 0 if all tensors are equal, with 1 "
                  "otherwise; metadata may differ.");
  options.add_positional("A", first, "a checkpoint, or a run whose newest valid one is meant");
  options.add_positional("B", second, "another one");
  options.add("json", json, "for programs to read");
  options.example("rondo-ckpt diff runs/one-rank runs/four-ranks");
  return run_tool(options, argc, argv, [&] {
    const Reader a = open_meant(first);
    const Reader b = open_meant(second);
    const std::vector<Row> rows = compare_all(a, b);
    json ? print_json(a, b, rows) : print_text(a, b, rows);
    const bool equal =
        std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.is_equal(); });
    return equal ? ExitCode::ok : ExitCode::exceptions;
  });
}

}  // namespace rondo::apps
