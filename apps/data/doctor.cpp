// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "common/say.hpp"
#include "data/commands.hpp"
#include "data/doctor_checks.hpp"

namespace rondo::apps {
namespace {

struct DoctorOptions {
  std::filesystem::path file;
  std::string split = "train";
  std::string fields;
  PlannedRun run;
  bool json = false;
};

void add_options(Options& options, DoctorOptions& values) {
  options.add_positional("FILE", values.file, "the data set");
  options.add("split", values.split, "that is trained on");
  options.add("field", values.fields,
              "where a file of another make has its fields: image=/x/{split},label=/y/{split}");
  options.add("json", values.json, "for programs to read");
  options.group("Run");
  options.add("ranks", values.run.ranks, "of the training run").between(1, 1 << 20);
  options.add("lanes", values.run.lanes, "of it; default: one a rank").at_least(1);
  options.add("batch", values.run.batch, "samples of a micro-batch: what a lane computes at once")
      .at_least(1);
  options
      .add_or_auto("window", values.run.window,
                   "chunks of a lane whose samples are shuffled together")
      .at_least(1);
  options.example("rondo-data doctor --ranks 64 --batch 32 images.h5");
}

/// What an image trainer reads; all fields where there is no image.
std::vector<data::FieldStorage> fields_read(std::vector<data::FieldStorage> all) {
  const auto is_usual = [](const data::FieldStorage& field) {
    return field.field.name == "image" || field.field.name == "label";
  };
  std::vector<data::FieldStorage> usual;
  std::copy_if(all.begin(), all.end(), std::back_inserter(usual), is_usual);
  const bool has_image = std::any_of(usual.begin(), usual.end(),
                                     [](const auto& field) { return field.field.name == "image"; });
  return has_image ? usual : all;
}

Patient admit(const DoctorOptions& values) {
  Patient patient{.file = values.file,
                  .field_map = data::parse_field_map(values.fields),
                  .field_option = values.fields,
                  .info = {},
                  .fields = {},
                  .run = values.run};
  patient.info =
      data::Dataset(values.file, values.split, {.required = {}, .field_map = patient.field_map})
          .info();
  patient.fields = fields_read(data::field_storage(values.file, values.split, patient.field_map));
  if (patient.fields.empty())
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: {}: has no fields", values.file.string(), values.split));
  return patient;
}

const char* word_for(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok: return "OK";
    case Verdict::warn: return "WARN";
    case Verdict::fail: return "FAIL";
  }
  return "?";
}

void print_text(const std::vector<Check>& checks) {
  for (const Check& check : checks) {
    say("{:<5}{:<13}{}\n", word_for(check.verdict), check.name, check.finding);
    if (!check.advice.empty()) say("{:<18}-> {}\n", "", check.advice);
  }
}

void print_json(const std::string& file, const std::vector<Check>& checks) {
  nlohmann::ordered_json json{{"file", file}, {"checks", nlohmann::json::array()}};
  for (const Check& check : checks) {
    nlohmann::ordered_json entry{{"name", check.name},
                                 {"verdict", word_for(check.verdict)},
                                 {"finding", check.finding},
                                 {"advice", check.advice}};
    if (check.value) entry["value"] = *check.value;
    json["checks"].push_back(std::move(entry));
  }
  fmt::print("{}\n", json.dump(2));
}

}  // namespace

int doctor(int argc, const char* const* argv) {
  DoctorOptions values;
  Options options("rondo-data doctor",
                  "Says how well a data set suits a training run, and what to do where it does "
                  "not. Ends with 0 unless a line says FAIL: then with 65.");
  add_options(options, values);
  return run_tool(options, argc, argv, [&] {
    const std::vector<Check> checks = examine(admit(values));
    if (values.json)
      print_json(values.file.string(), checks);
    else
      print_text(checks);
    const bool has_failed = std::any_of(checks.begin(), checks.end(), [](const Check& check) {
      return check.verdict == Verdict::fail;
    });
    return has_failed ? ExitCode::bad_content : ExitCode::ok;
  });
}

}  // namespace rondo::apps
