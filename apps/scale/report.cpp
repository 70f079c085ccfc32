// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/report.hpp"

#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "scale/plots.hpp"
#include "scale/report_style.hpp"
#include "scale/svg.hpp"

namespace rondo::scale {
namespace {

using Json = nlohmann::ordered_json;

/// How a number is shown.
struct Shape {
  double factor = 1;
  int decimals = 2;
  std::string_view unit = "";
};
constexpr Shape whole{1, 0, ""};
constexpr Shape in_milliseconds{1e3, 2, ""};
constexpr Shape in_percent{100, 1, " %"};

/// A number of the JSON, or a dash where it has none.
std::string number(const Json& json, const std::string& pointer, const Shape& shape) {
  const Json& value = json.at(Json::json_pointer(pointer));
  if (!value.is_number()) return "–";
  return fmt::format("<data value=\"{}\" data-figure=\"{}\">{:.{}f}{}</data>", value.dump(),
                     pointer, shape.factor * value.get<double>(), shape.decimals, shape.unit);
}

/// A median with its interval.
std::string estimate(const Json& json, const std::string& pointer, const Shape& shape) {
  if (json.at(Json::json_pointer(pointer)).is_null()) return "–";
  return fmt::format("{} <span class=\"interval\">{} to {}</span>",
                     number(json, pointer + "/median", shape),
                     number(json, pointer + "/low", shape), number(json, pointer + "/high", shape));
}

std::string card(std::string_view figure, std::string_view what) {
  return fmt::format("<div class=\"card\"><b>{}</b><span>{}</span></div>\n", figure, what);
}

std::string section(std::string_view title, std::string_view explanation, std::string_view body) {
  return fmt::format("<section>\n<h2>{}</h2>\n<p>{}</p>\n{}</section>\n", escaped(title),
                     escaped(explanation), body);
}

/// The part that most of the lost time goes to.
Part greatest_loss(const CountFigures& count) {
  Part greatest = Part::computing;
  for (std::size_t i = 0; i < part_count; ++i)
    if (count.lost.seconds[i] > count.lost[greatest]) greatest = static_cast<Part>(i);
  return greatest;
}

std::string cards(const Figures& figures, const Json& json) {
  const std::size_t last = figures.counts.size() - 1;
  const CountFigures& count = figures.counts[last];
  const std::string at = fmt::format("/counts/{}", last);
  std::string html = "<div class=\"cards\">\n";
  html += count.is_scaling()
              ? card(number(json, at + "/efficiency/median", in_percent),
                     fmt::format("efficiency on {} ranks", count.ranks))
              : card("no scaling", fmt::format("{} ranks: {}", count.ranks,
                                               escaped(count.setting.oversubscription)));
  html +=
      card(number(json, at + "/limit_efficiency", in_percent), "is what links and passes allow");
  html += card(number(json, at + "/of_bound", in_percent),
               "of the bound of computing and communication");
  if (last > 0) {
    const Part part = greatest_loss(count);
    html += card(number(json, fmt::format("{}/lost/{}", at, key_of(part)), in_percent),
                 fmt::format("of a step is lost to {}, the most", title_of(part)));
  }
  return html + "</div>\n";
}

std::string remarks(const Figures& figures) {
  std::vector<std::string> all = figures.remarks;
  for (const CountFigures& count : figures.counts)
    if (count.last.is_chronic) all.push_back(last_rank_sentence(count));
  if (all.empty()) return "";
  std::string items;
  for (const std::string& remark : all)
    items += fmt::format("<li>{}</li>\n", escaped(remark));
  return fmt::format(
      "<section class=\"remarks\">\n<h2>To know beside the figures</h2>\n<ul>\n{}"
      "</ul>\n</section>\n",
      items);
}

std::string table(const std::vector<std::string>& heads, const std::vector<std::string>& rows) {
  std::string html = "<div class=\"wide\"><table>\n<tr>";
  for (const std::string& head : heads)
    html += fmt::format("<th>{}</th>", head);
  html += "</tr>\n";
  for (const std::string& row : rows)
    html += fmt::format("<tr>{}</tr>\n", row);
  return html + "</table></div>\n";
}

std::string cell(std::string_view content) {
  return fmt::format("<td>{}</td>", content);
}

std::string figures_table(const Figures& figures, const Json& json) {
  std::vector<std::string> rows;
  for (std::size_t c = 0; c < figures.counts.size(); ++c) {
    const std::string at = fmt::format("/counts/{}", c);
    rows.push_back(cell(number(json, at + "/ranks", whole)) +
                   cell(number(json, at + "/nodes", whole)) +
                   cell(estimate(json, at + "/step_seconds", in_milliseconds)) +
                   cell(estimate(json, at + "/efficiency", in_percent)) +
                   cell(number(json, at + "/limit_efficiency", in_percent)) +
                   cell(number(json, at + "/computing_seconds", in_milliseconds)) +
                   cell(number(json, at + "/reduction_seconds", in_milliseconds)) +
                   cell(number(json, at + "/of_bound", in_percent)));
  }
  return table({"ranks", "nodes", "step, ms", "efficiency", "limit", "computing, ms",
                "reduction alone, ms", "bound / step"},
               rows);
}

std::string lost_table(const Figures& figures, const Json& json) {
  std::vector<std::string> heads{"ranks"};
  for (std::size_t i = 0; i < part_count; ++i)
    heads.emplace_back(title_of(static_cast<Part>(i)));
  std::vector<std::string> rows;
  for (std::size_t c = 0; c < figures.counts.size(); ++c) {
    std::string row = cell(number(json, fmt::format("/counts/{}/ranks", c), whole));
    for (std::size_t i = 0; i < part_count; ++i)
      row += cell(number(json, fmt::format("/counts/{}/lost/{}", c, key_of(static_cast<Part>(i))),
                         in_percent));
    rows.push_back(row);
  }
  return table(heads, rows);
}

std::string predictions_table(const Figures& figures, const Json& json) {
  std::vector<std::string> rows;
  for (std::size_t c = 0; c < figures.counts.size(); ++c) {
    if (!figures.counts[c].setting.prediction) continue;
    const std::string at = fmt::format("/counts/{}", c);
    rows.push_back(cell(number(json, at + "/ranks", whole)) +
                   cell(number(json, at + "/prediction/step_seconds", in_milliseconds)) +
                   cell(number(json, at + "/step_seconds/median", in_milliseconds)) +
                   cell(number(json, at + "/prediction/error", in_percent)));
  }
  if (rows.empty()) return "";
  return section("Predictions", "What the model said before these ranks were measured.",
                 table({"ranks", "predicted, ms", "measured, ms", "error"}, rows));
}

/// JSON that may stand inside a page: no tag begins in it.
std::string embedded(const Json& json) {
  std::string text;
  for (const char letter : json.dump())
    text += letter == '<' ? std::string("\\u003c") : std::string(1, letter);
  return fmt::format("<script type=\"application/json\" id=\"figures\">{}</script>\n", text);
}

std::string subject_line(const Subject& subject) {
  return fmt::format(
      "{:.1f} MB of gradients, {} steps · {} ranks on {} host{} · {} · {} rounds of {} steps "
      "· "
      "Rondo "
      "{}",
      static_cast<double>(subject.gradient_bytes) / 1e6, subject.compute, subject.job_ranks,
      subject.hosts, subject.hosts == 1 ? "" : "s", subject.processor, subject.repeats,
      subject.steps, subject.version);
}

std::string sections(const Figures& figures, const Json& json) {
  const bool weak = figures.subject.mode == Mode::weak;
  return section("Efficiency",
                 weak ? "The step of the first rank count by the step on more ranks, each of which "
                        "does as much. Whiskers hold the median with 95 %, rings are predictions."
                      : "The speed-up over the first rank count by what it would be without any "
                        "loss. Whiskers hold the median with 95 %, rings are predictions.",
                 efficiency_plot(figures)) +
         section("Where a step's time goes",
                 "The mean step, taken apart by timers on every rank and paired runs. The dashed "
                 "mark is the step without any loss.",
                 attribution_plot(figures)) +
         section("Lost to what",
                 "What each part has more than on the first rank count, as a share of the step. "
                 "The sum of a row is 1 minus the efficiency of the mean steps.",
                 lost_table(figures, json)) +
         section("Figures", "Medians over the rounds, with the interval that holds them with 95 %.",
                 figures_table(figures, json)) +
         predictions_table(figures, json) +
         section("How long the steps were",
                 "Every measured step, by number of ranks. The highest column of a row has full "
                 "height.",
                 histogram_plot(figures)) +
         section("One step of rank 0",
                 fmt::format("At {} ranks: its phases, and from when to when each bucket was under "
                             "way.",
                             figures.counts.back().ranks),
                 timeline_plot(figures.timeline));
}

}  // namespace

std::string to_html(const Figures& figures) {
  const Json json = to_json(figures);
  const Subject& subject = figures.subject;
  const std::string title = fmt::format(
      "{} scaling of {}", subject.mode == Mode::weak ? "Weak" : "Strong", escaped(subject.model));
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>{0}</title>\n<style>{1}</style>\n</head>\n"
      "<body>\n<main>\n<h1>{0}</h1>\n<p class=\"subject\">{2}</p>\n{3}{4}{5}"
      "<footer>Written by rondo-scale; benchmarks/METRICS.md defines every figure. All of them, at "
      "full precision, are in this page as JSON. Of the model: "
      "{7}.</footer>\n</main>\n{6}</body>\n</html>\n",
      title, report_style, escaped(subject_line(subject)), cards(figures, json), remarks(figures),
      sections(figures, json), embedded(json), escaped(subject.source));
}

}  // namespace rondo::scale
