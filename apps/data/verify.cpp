// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"
#include "rondo/data/verification.hpp"
#include "rondo/telemetry/progress.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "common/say.hpp"
#include "data/commands.hpp"
#include "data/progress_line.hpp"

namespace rondo::apps {
namespace {

struct VerifyOptions {
  std::filesystem::path file;
  std::string fields;
  std::size_t threads = 2;
  std::size_t most = 100;
  bool statistics = false;
  bool json = false;
};

struct Timed {
  data::Verification verification;
  double seconds = 0;
};

Timed verify_file(const VerifyOptions& values) {
  ProgressLine progress("verifying");
  const auto start = std::chrono::steady_clock::now();
  data::Verification verification = data::verify(
      values.file, {.field_map = data::parse_field_map(values.fields),
                    .threads = values.threads,
                    .most_findings = values.most,
                    .statistics = values.statistics,
                    .progress = [&](auto done, auto total) { progress.update(done, total); }});
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  return {std::move(verification), taken.count()};
}

void print_verified_text(const std::string& file, const Timed& result) {
  const data::Verification& found = result.verification;
  for (const data::Finding& finding : found.findings)
    say("{}: {}\n", file, data::describe(finding));
  if (found.finding_count > found.findings.size())
    say("{}: and {} more problems\n", file, found.finding_count - found.findings.size());
  for (const std::string& note : found.notes)
    say("note: {}\n", note);
  say("{}: {}: {} chunks of {} fields in {} splits, {:.1f} MB read, {:.1f} s, {:.0f} MB/s\n", file,
      found.is_intact()
          ? std::string("intact")
          : fmt::format("{} problem{}", found.finding_count, found.finding_count == 1 ? "" : "s"),
      telemetry::with_thousands(static_cast<double>(found.chunks)), found.fields, found.splits,
      static_cast<double>(found.stored_bytes) / 1e6, result.seconds,
      static_cast<double>(found.value_bytes) / 1e6 / result.seconds);
}

nlohmann::ordered_json json_of(const data::Finding& finding) {
  nlohmann::ordered_json json{{"what", finding.what}};
  if (!finding.object.empty()) json["field"] = finding.object;
  if (!finding.chunk) return json;
  json["chunk"] = *finding.chunk;
  json["first_" + finding.row_noun.substr(0, finding.row_noun.size() - 1)] = finding.first_row;
  json["last_" + finding.row_noun.substr(0, finding.row_noun.size() - 1)] = finding.last_row;
  return json;
}

void print_verified_json(const std::string& file, const Timed& result) {
  const data::Verification& found = result.verification;
  nlohmann::ordered_json json{{"file", file},
                              {"intact", found.is_intact()},
                              {"problem_count", found.finding_count},
                              {"problems", nlohmann::json::array()},
                              {"notes", found.notes},
                              {"splits", found.splits},
                              {"fields", found.fields},
                              {"chunks", found.chunks},
                              {"stored_bytes", found.stored_bytes},
                              {"value_bytes", found.value_bytes},
                              {"seconds", result.seconds}};
  for (const data::Finding& finding : found.findings)
    json["problems"].push_back(json_of(finding));
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

int verify(int argc, const char* const* argv) {
  VerifyOptions values;
  Options options("rondo-data verify",
                  "Reads all of a data set and lists what is wrong with it: checksums, lengths, "
                  "attributes, labels that are no class, tokens beyond the vocabulary, numbers "
                  "that are not finite. Ends with 0 if nothing is, with 65 otherwise.");
  options.add_positional("FILE", values.file, "the data set");
  options.add("statistics", values.statistics,
              "also compare mean, deviation and label counts with the samples");
  options.add("field", values.fields,
              "where a file of another make has its fields: image=/x/{split},label=/y/{split}");
  options.add("most", values.most, "problems to list; all are counted").at_least(1);
  options.add("threads", values.threads, "that read and decode").between(1, 256);
  options.add("json", values.json, "for programs to read");
  options.example("rondo-data verify --statistics fashion.h5");
  return run_tool(options, argc, argv, [&] {
    const Timed result = verify_file(values);
    const auto print = values.json ? print_verified_json : print_verified_text;
    print(values.file.string(), result);
    return result.verification.is_intact() ? ExitCode::ok : ExitCode::bad_content;
  });
}

}  // namespace rondo::apps
