// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "common/say.hpp"
#include "data/audit_check.hpp"
#include "data/commands.hpp"

namespace rondo::apps {
namespace {

constexpr std::size_t most_printed_exceptions = 20;
constexpr std::size_t most_printed_ranges = 8;

using Range = std::pair<std::uint64_t, std::uint64_t>;

/// Sorted numbers as ranges, first and last.
std::vector<Range> ranges_of(const std::vector<std::uint64_t>& numbers) {
  std::vector<Range> ranges;
  for (const std::uint64_t number : numbers) {
    if (!ranges.empty() && ranges.back().second + 1 == number)
      ranges.back().second = number;
    else
      ranges.emplace_back(number, number);
  }
  return ranges;
}

std::string span_text(std::uint64_t first, std::uint64_t last) {
  return first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
}

std::string counted(std::string_view singular, std::uint64_t first, std::uint64_t last) {
  return fmt::format("{}{} {}", singular, first == last ? "" : "s", span_text(first, last));
}

std::string samples_text(const std::vector<std::uint64_t>& samples) {
  std::vector<std::string> texts;
  for (const auto& [first, last] : ranges_of(samples)) {
    if (texts.size() == most_printed_ranges) {
      texts.emplace_back("...");
      break;
    }
    texts.push_back(span_text(first, last));
  }
  return fmt::format("samples {}", fmt::join(texts, ", "));
}

std::string text_of(const AuditException& exception) {
  std::vector<std::string> details;
  std::string text = fmt::format("{}: ", exception.source);
  if (exception.begin < exception.end)
    text +=
        fmt::format("{}, {}, {}: ", counted("epoch", exception.first_epoch, exception.last_epoch),
                    counted("lane", exception.first_lane, exception.last_lane),
                    counted("position", exception.begin, exception.end - 1));
  if (!exception.samples.empty()) details.push_back(samples_text(exception.samples));
  if (!exception.life.empty()) details.push_back("life " + exception.life);
  text += exception.problem;
  return details.empty() ? text : fmt::format("{} ({})", text, fmt::join(details, "; "));
}

std::string kept_text(const KeptLife& kept) {
  const std::uint64_t first = kept.life.first_step;
  const std::uint64_t last = kept.life.last_step;
  if (first == last) return "no steps";
  const std::string steps = counted("step", first + 1, last);
  if (!kept.is_kept || kept.up_to <= first) return fmt::format("{}, lost and trained again", steps);
  if (kept.up_to >= last) return steps;
  return fmt::format("{}, of which those behind {} were lost and trained again", steps, kept.up_to);
}

void print_audit_text(const std::filesystem::path& run, const AuditResult& result) {
  const auto& order = result.order;
  say("run         {}\n", run.string());
  say("parameters  of step {}: {}\n", result.step, result.checkpoint.filename().string());
  say("order       seed {}, {} samples in chunks of {}, {} lanes of {}, window {}\n", order.seed,
      order.samples, order.chunk_samples, order.lanes, order.micro_batch, order.window);
  for (const KeptLife& kept : result.lives)
    say("life        {} on {}: {}\n", kept.life.id,
        fmt::format("{} rank{}", kept.life.ranks, kept.life.ranks == 1 ? "" : "s"),
        kept_text(kept));
  say("epochs      {} complete{}\n", result.complete_epochs,
      result.samples_behind == 0 ? ""
                                 : fmt::format(", and {} of {} samples of the next",
                                               result.samples_behind, order.samples));
  say("enumerated  {} epochs, sample by sample\n", result.enumerated_epochs);
  if (result.skipped_steps > 0)
    say("skipped     {} steps used their samples and updated nothing\n", result.skipped_steps);
  if (result.exception_count == 0) {
    say("verdict     every sample was used exactly once in every epoch{}\n",
        result.samples_behind == 0 ? "" : ", as far as the run has come");
    return;
  }
  say("verdict     {} exceptions\n", result.exception_count);
  const std::size_t printed = std::min(result.exceptions.size(), most_printed_exceptions);
  for (std::size_t i = 0; i < printed; ++i)
    say("  {}\n", text_of(result.exceptions[i]));
  if (result.exception_count > printed)
    say("  and {} more (--json lists the first {})\n", result.exception_count - printed,
        result.exceptions.size());
}

nlohmann::ordered_json json_of(const AuditException& exception) {
  nlohmann::ordered_json json{
      {"source", exception.source}, {"problem", exception.problem}, {"life", exception.life}};
  if (exception.begin == exception.end) return json;
  json["epochs"] = {exception.first_epoch, exception.last_epoch};
  json["lanes"] = {exception.first_lane, exception.last_lane};
  json["positions"] = {exception.begin, exception.end - 1};
  json["samples"] = ranges_of(exception.samples);
  return json;
}

void print_audit_json(const std::filesystem::path& run, const AuditResult& result) {
  const auto& order = result.order;
  nlohmann::ordered_json json{{"run", run.string()},
                              {"exact", result.exception_count == 0},
                              {"checkpoint", result.checkpoint.string()},
                              {"step", result.step},
                              {"order",
                               {{"seed", order.seed},
                                {"samples", order.samples},
                                {"chunk", order.chunk_samples},
                                {"lanes", order.lanes},
                                {"batch", order.micro_batch},
                                {"window", order.window}}},
                              {"steps_per_epoch", result.steps_per_epoch},
                              {"complete_epochs", result.complete_epochs},
                              {"samples_of_next_epoch", result.samples_behind},
                              {"enumerated_epochs", result.enumerated_epochs},
                              {"skipped_steps", result.skipped_steps},
                              {"lives", nlohmann::ordered_json::array()},
                              {"exception_count", result.exception_count},
                              {"exceptions", nlohmann::ordered_json::array()}};
  for (const KeptLife& kept : result.lives)
    json["lives"].push_back({{"life", kept.life.id},
                             {"parent", kept.life.parent},
                             {"ranks", kept.life.ranks},
                             {"first_step", kept.life.first_step},
                             {"last_step", kept.life.last_step},
                             {"kept_up_to", kept.is_kept ? kept.up_to : kept.life.first_step}});
  for (const AuditException& exception : result.exceptions)
    json["exceptions"].push_back(json_of(exception));
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace

int audit(int argc, const char* const* argv) {
  std::filesystem::path run;
  bool wants_json = false;
  bool wants_all = false;
  Options options("rondo-data audit",
                  "Proves that a run's parameters were trained on every sample of every epoch "
                  "exactly once, however often the run was stopped, killed, resized and resumed, "
                  "or lists the exceptions. Exit code 0: exactly once; 1: exceptions; 65: metrics "
                  "or checkpoint are broken; 66: there are none.");
  options.add_positional("RUN", run, "the run directory");
  options.add("json", wants_json, "for programs to read");
  options.add("all-epochs", wants_all,
              "go through the order of all epochs sample by sample, not only of those that make "
              "16 million samples");
  options.example("rondo-data audit runs/first");
  return run_tool(options, argc, argv, [&] {
    const AuditResult result = audit_run(run, wants_all ? Enumeration::all : Enumeration::some);
    const auto print = wants_json ? print_audit_json : print_audit_text;
    print(run, result);
    return result.exception_count == 0 ? ExitCode::ok : ExitCode::exceptions;
  });
}

}  // namespace rondo::apps
