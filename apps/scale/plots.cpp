// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/plots.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rondo/telemetry/axis.hpp"

#include "scale/svg.hpp"

namespace rondo::scale {
namespace {

using telemetry::Axis;

constexpr int width = 900;
constexpr double left = 70;
constexpr double right = width - 20;

std::string percent(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

std::string milliseconds(double seconds) {
  return fmt::format("{:.2f} ms", 1e3 * seconds);
}

std::string ranks_text(int ranks) {
  return fmt::format("{} rank{}", ranks, ranks == 1 ? "" : "s");
}

/// Milliseconds along the lower edge of a drawing.
class TimeAxis {
 public:
  TimeAxis(double from_seconds, double to_seconds)
      : axis_(telemetry::make_axis(1e3 * from_seconds, 1e3 * to_seconds, 8)) {}

  double low() const { return axis_.low / 1e3; }
  double high() const { return axis_.high / 1e3; }

  double column(double seconds) const {
    return left + (right - left) * axis_.fraction(1e3 * seconds);
  }
  double length(double begin, double end) const {
    return std::max(column(end) - column(begin), 0.5);
  }
  void draw(Svg& svg, double top, double bottom) const {
    for (const double tick : axis_.ticks) {
      const double x = left + (right - left) * axis_.fraction(tick);
      svg.line(x, top, x, bottom, "grid");
      svg.text(x, bottom + 18, "tick middle", axis_.label(tick));
    }
    svg.line(left, bottom, right, bottom, "axis");
    svg.text((left + right) / 2, bottom + 38, "tick middle", "milliseconds");
  }

 private:
  Axis axis_;
};

/// The efficiency plot's coordinates: rank counts stand equally far apart.
struct EfficiencyFrame {
  static constexpr double top = 20;
  static constexpr double bottom = 300;
  Axis y;
  std::size_t counts;

  double column(std::size_t count) const {
    return left + (right - left) * (static_cast<double>(count) + 0.5) / static_cast<double>(counts);
  }
  double row(double efficiency) const {
    return bottom - (bottom - top) * std::clamp(y.fraction(efficiency), 0.0, 1.0);
  }
};

void draw_axes(Svg& svg, const EfficiencyFrame& frame, const Figures& figures) {
  for (const double tick : frame.y.ticks) {
    svg.line(left, frame.row(tick), right, frame.row(tick), "grid");
    svg.text(left - 8, frame.row(tick) + 4, "tick end", frame.y.label(tick));
  }
  svg.line(left, frame.row(1), right, frame.row(1), "ideal");
  svg.text(right, frame.row(1) - 6, "tick end", "ideal");
  for (std::size_t c = 0; c < figures.counts.size(); ++c)
    svg.text(frame.column(c), EfficiencyFrame::bottom + 18, "tick middle",
             ranks_text(figures.counts[c].ranks));
  svg.line(left, EfficiencyFrame::bottom, right, EfficiencyFrame::bottom, "axis");
}

void draw_limit(Svg& svg, const EfficiencyFrame& frame, const Figures& figures) {
  if (figures.counts.back().link_seconds <= 0) return;
  std::vector<std::pair<double, double>> points;
  for (std::size_t c = 0; c < figures.counts.size(); ++c)
    points.emplace_back(frame.column(c), frame.row(figures.counts[c].limit_efficiency));
  svg.polyline(points, "limit");
  svg.text(right, points.back().second + 22, "tick end", "limit of links and passes");
}

void draw_prediction(Svg& svg, const EfficiencyFrame& frame, std::size_t count,
                     const Prediction& prediction) {
  svg.circle(frame.column(count), frame.row(prediction.efficiency), 7, "predicted",
             fmt::format("predicted before it was measured: {}", percent(prediction.efficiency)));
}

void draw_measured(Svg& svg, const EfficiencyFrame& frame, const Figures& figures) {
  std::vector<std::pair<double, double>> points;
  for (std::size_t c = 0; c < figures.counts.size(); ++c)
    if (figures.counts[c].is_scaling())
      points.emplace_back(frame.column(c), frame.row(figures.counts[c].efficiency.median));
  svg.polyline(points, "measured");
  for (std::size_t c = 0; c < figures.counts.size(); ++c) {
    const CountFigures& count = figures.counts[c];
    if (count.setting.prediction) draw_prediction(svg, frame, c, *count.setting.prediction);
    if (!count.is_scaling()) continue;
    const Estimate& shown = count.efficiency;
    const double x = frame.column(c);
    svg.line(x, frame.row(shown.low), x, frame.row(shown.high), "whisker");
    svg.line(x - 6, frame.row(shown.low), x + 6, frame.row(shown.low), "whisker");
    svg.line(x - 6, frame.row(shown.high), x + 6, frame.row(shown.high), "whisker");
    svg.circle(x, frame.row(shown.median), 4.5, "dot",
               fmt::format("{}: {}, 95 % interval {} to {}", ranks_text(count.ranks),
                           percent(shown.median), percent(shown.low), percent(shown.high)));
    svg.text(x + 10, frame.row(shown.median) - 8, "value start", percent(shown.median));
  }
}

void draw_legend(Svg& svg, double top) {
  constexpr double step = (right - left) / 4;
  for (std::size_t i = 0; i < part_count; ++i) {
    const double x = left + step * static_cast<double>(i % 4);
    const double y = top + 20 * std::floor(static_cast<double>(i) / 4);
    const auto part = static_cast<Part>(i);
    svg.rect(x, y, 12, 12, fmt::format("part {}", key_of(part)));
    svg.text(x + 18, y + 10, "tick start", title_of(part));
  }
}

/// Parts below zero, which noise may make, have no length.
void draw_parts(Svg& svg, const TimeAxis& axis, const CountFigures& count, double top,
                double height) {
  double begin = 0;
  for (std::size_t i = 0; i < part_count; ++i) {
    const auto part = static_cast<Part>(i);
    const double seconds = count.parts[part];
    if (seconds <= 0) continue;
    svg.rect(axis.column(begin), top, axis.length(begin, begin + seconds), height,
             fmt::format("part {}", key_of(part)),
             fmt::format("{}: {} {}, {} of the step", ranks_text(count.ranks), title_of(part),
                         milliseconds(seconds), percent(seconds / count.parts.sum())));
    begin += seconds;
  }
}

double positive_sum(const Parts& parts) {
  double sum = 0;
  for (const double seconds : parts.seconds)
    sum += std::max(seconds, 0.0);
  return sum;
}

/// How many of the values fall into each of `bins` equal parts of [begin, end].
std::vector<std::size_t> count_in_bins(const std::vector<double>& values, double begin, double end,
                                       std::size_t bins) {
  std::vector<std::size_t> counts(bins);
  for (const double value : values) {
    const double bin = std::floor((value - begin) / (end - begin) * static_cast<double>(bins));
    ++counts[std::min(static_cast<std::size_t>(std::max(bin, 0.0)), bins - 1)];
  }
  return counts;
}

/// Of the shortest step of all to the longest.
TimeAxis axis_of_steps(const Figures& figures) {
  std::vector<double> steps;
  for (const CountFigures& count : figures.counts)
    steps.insert(steps.end(), count.steps.begin(), count.steps.end());
  const auto [shortest, longest] = std::ranges::minmax(steps);
  return {shortest, longest};
}

void draw_histogram(Svg& svg, const TimeAxis& axis, const CountFigures& count, double bottom) {
  constexpr std::size_t bins = 90;
  constexpr double height = 50;
  const std::vector<std::size_t> counts = count_in_bins(count.steps, axis.low(), axis.high(), bins);
  const auto most = static_cast<double>(*std::ranges::max_element(counts));
  const double bin_seconds = (axis.high() - axis.low()) / static_cast<double>(bins);
  for (std::size_t b = 0; b < bins; ++b) {
    if (counts[b] == 0) continue;
    const double begin = axis.low() + bin_seconds * static_cast<double>(b);
    const double tall = height * static_cast<double>(counts[b]) / most;
    svg.rect(axis.column(begin), bottom - tall, axis.length(begin, begin + bin_seconds) - 0.5, tall,
             "bin",
             fmt::format("{} of {} steps: {} to {}", counts[b], count.steps.size(),
                         milliseconds(begin), milliseconds(begin + bin_seconds)));
  }
  svg.line(left, bottom, right, bottom, "axis");
  svg.text(left - 8, bottom - 4, "tick end", fmt::format("{}", count.ranks));
}

double end_of(const Timeline& timeline) {
  double end = 0;
  for (const auto* bars : {&timeline.phases, &timeline.buckets})
    for (const Bar& bar : *bars)
      end = std::max(end, bar.end);
  return end;
}

std::string bar_hint(const Bar& bar) {
  std::string hint =
      fmt::format("{}: {} to {}", bar.name, milliseconds(bar.begin), milliseconds(bar.end));
  if (bar.bytes > 0) hint += fmt::format(", {:.2f} MB", static_cast<double>(bar.bytes) / 1e6);
  return hint;
}

}  // namespace

std::string efficiency_plot(const Figures& figures) {
  double highest = 1.05;
  for (const CountFigures& count : figures.counts)
    if (count.is_scaling()) highest = std::max(highest, count.efficiency.high);
  const EfficiencyFrame frame{.y = telemetry::make_axis(0, highest, 7),
                              .counts = figures.counts.size()};
  Svg svg(width, 330, "Efficiency over the number of ranks");
  draw_axes(svg, frame, figures);
  draw_limit(svg, frame, figures);
  draw_measured(svg, frame, figures);
  return svg.str();
}

std::string attribution_plot(const Figures& figures) {
  constexpr double row_height = 44;
  double longest = 0;
  for (const CountFigures& count : figures.counts)
    longest = std::max({longest, positive_sum(count.parts), count.ideal_seconds});
  const TimeAxis axis(0, longest);
  const double bottom = 50 + row_height * static_cast<double>(figures.counts.size());
  Svg svg(width, static_cast<int>(bottom) + 50, "What a step's time goes into");
  draw_legend(svg, 2);
  axis.draw(svg, 50, bottom);
  double top = 58;
  for (const CountFigures& count : figures.counts) {
    draw_parts(svg, axis, count, top, row_height - 16);
    svg.line(axis.column(count.ideal_seconds), top - 4, axis.column(count.ideal_seconds),
             top + row_height - 12, "ideal");
    svg.text(left - 8, top + 18, "tick end", ranks_text(count.ranks));
    top += row_height;
  }
  return svg.str();
}

std::string histogram_plot(const Figures& figures) {
  constexpr double row_height = 62;
  const TimeAxis axis = axis_of_steps(figures);
  const double bottom = 10 + row_height * static_cast<double>(figures.counts.size());
  Svg svg(width, static_cast<int>(bottom) + 50, "How long the steps were");
  axis.draw(svg, 10, bottom);
  double row = 10;
  for (const CountFigures& count : figures.counts) {
    row += row_height;
    draw_histogram(svg, axis, count, row);
  }
  return svg.str();
}

std::string timeline_plot(const Timeline& timeline) {
  constexpr double phase_height = 22;
  constexpr double rows_top = 44;
  const auto buckets = static_cast<double>(timeline.buckets.size());
  const double row_height = std::clamp(320 / std::max(buckets, 1.0), 3.0, 14.0);
  const TimeAxis axis(0, end_of(timeline));
  const double bottom = rows_top + row_height * buckets + 8;
  Svg svg(width, static_cast<int>(bottom) + 50, "One step of rank 0");
  axis.draw(svg, 10, bottom);
  for (const Bar& bar : timeline.phases) {
    const double length = axis.length(bar.begin, bar.end);
    svg.rect(axis.column(bar.begin), 12, length, phase_height, "phase", bar_hint(bar));
    // Some seven pixels a letter.
    if (length > 7 * static_cast<double>(bar.name.size()))
      svg.text(axis.column(bar.begin) + 6, 27, "phase-name start", bar.name);
  }
  svg.text(left - 8, 28, "tick end", "rank 0");
  double row = rows_top;
  for (const Bar& bar : timeline.buckets) {
    svg.rect(axis.column(bar.begin), row, axis.length(bar.begin, bar.end),
             std::max(row_height - 1.5, 1.5), "bucket", bar_hint(bar));
    row += row_height;
  }
  svg.text(left - 8, rows_top + 10, "tick end", "buckets");
  return svg.str();
}

}  // namespace rondo::scale
