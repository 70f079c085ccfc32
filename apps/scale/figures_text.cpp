// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "scale/figures.hpp"

namespace rondo::scale {
namespace {

std::string head(const Subject& subject) {
  return fmt::format(
      "{} scaling of {} ({}), {:.1f} MB of gradients, {} ranks on {} host{}; medians of {} "
      "rounds\n",
      name_of(subject.mode), subject.model, subject.compute,
      static_cast<double>(subject.gradient_bytes) / 1e6, subject.job_ranks, subject.hosts,
      subject.hosts == 1 ? "" : "s", subject.repeats);
}

std::string row(const CountFigures& count) {
  std::string text =
      fmt::format("{:>6} {:>6} {:>10.2f} {:>8.2f} {:>8.2f}", count.ranks, count.nodes,
                  1e3 * count.step.median, 1e3 * count.step.low, 1e3 * count.step.high);
  text += count.is_scaling() ? fmt::format(" {:>10.3f} {:>7.3f} {:>7.3f}", count.efficiency.median,
                                           count.efficiency.low, count.efficiency.high)
                             : fmt::format(" {:>10} {:>7} {:>7}", "-", "-", "-");
  return text + fmt::format(" {:>7.3f} {:>10.3f}\n", count.limit_efficiency, count.of_bound);
}

std::string lost_row(const CountFigures& count) {
  double sum = 0;
  std::string text = fmt::format("{:>6}", count.ranks);
  for (std::size_t i = 0; i < part_count; ++i) {
    text += fmt::format(" {:>10.2f}", 100 * count.lost.seconds[i]);
    sum += count.lost.seconds[i];
  }
  return text + fmt::format(" {:>7.2f}\n", 100 * sum);
}

std::string lost_table(const Figures& figures) {
  std::string text =
      "\nlost of a step, in percent of it\n"
      " ranks  computing  exp. comm. arr. skew  data wait  neighbours checkpoint     launch      "
      "other     sum\n";
  for (const CountFigures& count : figures.counts)
    text += lost_row(count);
  return text;
}

}  // namespace

std::string last_rank_sentence(const CountFigures& count) {
  const LastRank& last = count.last;
  return fmt::format("{} ranks wait for rank {}: last in {:.0f} % of the steps, {:.2f} ms late, {}",
                     count.ranks, last.rank, 100 * last.share, 1e3 * last.seconds,
                     last.cause == Part::arrival_skew ? "it computes longer"
                                                      : fmt::format("{}", title_of(last.cause)));
}

std::string to_table(const Figures& figures) {
  std::string text = head(figures.subject);
  text +=
      " ranks  nodes  step [ms]      low     high efficiency     low    high   limit bound/step\n";
  for (const CountFigures& count : figures.counts)
    text += row(count);
  text += lost_table(figures);
  for (const CountFigures& count : figures.counts)
    if (count.last.is_chronic) text += last_rank_sentence(count) + "\n";
  for (const CountFigures& count : figures.counts)
    if (const auto& prediction = count.setting.prediction)
      text += fmt::format("{} ranks: {:.2f} ms predicted, {:+.1f} %\n", count.ranks,
                          1e3 * prediction->step_seconds, 100 * prediction->error);
  for (const std::string& remark : figures.remarks)
    text += fmt::format("note: {}\n", remark);
  return text;
}

std::string to_csv(const Figures& figures) {
  std::string text =
      "ranks,nodes,scaling,step_seconds,step_low,step_high,efficiency,efficiency_low,"
      "efficiency_high,limit_efficiency,of_bound,bound_seconds,link_seconds";
  for (std::size_t i = 0; i < part_count; ++i)
    text += fmt::format(",{}_seconds", key_of(static_cast<Part>(i)));
  text += '\n';
  for (const CountFigures& count : figures.counts) {
    text += fmt::format("{},{},{},{},{},{}", count.ranks, count.nodes, count.is_scaling(),
                        count.step.median, count.step.low, count.step.high);
    text += count.is_scaling() ? fmt::format(",{},{},{}", count.efficiency.median,
                                             count.efficiency.low, count.efficiency.high)
                               : ",,,";
    text += fmt::format(",{},{},{},{}", count.limit_efficiency, count.of_bound, count.bound_seconds,
                        count.link_seconds);
    for (const double seconds : count.parts.seconds)
      text += fmt::format(",{}", seconds);
    text += '\n';
  }
  return text;
}

}  // namespace rondo::scale
