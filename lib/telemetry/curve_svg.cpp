// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/curve_svg.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "rondo/telemetry/axis.hpp"

namespace rondo::telemetry {
namespace {

constexpr int width = 960;
constexpr int height = 400;
constexpr std::size_t most_points = 600;
constexpr const char* loss_color = "#1f5fa8";
constexpr const char* accuracy_color = "#b3541e";

using Points = std::vector<CurvePoint>;

/// The rectangle of a panel's axes, in SVG's coordinates (y grows downwards).
struct Frame {
  double left;
  double top;
  double width;
  double height;
};
constexpr Frame left_frame{70, 70, 380, 270};
constexpr Frame right_frame{550, 70, 380, 270};

struct Panel {
  Frame frame;
  Axis x;
  Axis y;

  double column(double value) const { return frame.left + frame.width * x.fraction(value); }
  double row(double value) const {
    const double inside = std::clamp(y.fraction(value), 0.0, 1.0);
    return frame.top + frame.height * (1 - inside);
  }
};

std::string escaped(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    switch (letter) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      default: result += letter;
    }
  }
  return result;
}

Points finite_points(std::span<const CurvePoint> points) {
  Points result;
  for (const CurvePoint& point : points)
    if (std::isfinite(point.x) && std::isfinite(point.y)) result.push_back(point);
  return result;
}

/// Means of neighbouring points, so that at most `most_points` are left.
Points thinned(const Points& points) {
  const std::size_t group = (points.size() + most_points - 1) / most_points;
  if (group <= 1) return points;
  Points result;
  for (std::size_t begin = 0; begin < points.size(); begin += group) {
    const std::size_t end = std::min(begin + group, points.size());
    CurvePoint mean;
    for (std::size_t i = begin; i < end; ++i) {
      mean.x += points[i].x / static_cast<double>(end - begin);
      mean.y += points[i].y / static_cast<double>(end - begin);
    }
    result.push_back(mean);
  }
  return result;
}

/// At each point the mean of a fiftieth of the curve around it, less near the ends.
Points smoothed(const Points& points) {
  const std::size_t reach = points.size() / 100;
  std::vector<double> sums(points.size() + 1, 0.0);
  for (std::size_t i = 0; i < points.size(); ++i)
    sums[i + 1] = sums[i] + points[i].y;
  Points result = points;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::size_t side = std::min({reach, i, points.size() - 1 - i});
    const double count = static_cast<double>(2 * side + 1);
    result[i].y = (sums[i + side + 1] - sums[i - side]) / count;
  }
  return result;
}

double least_y(const Points& points) {
  return std::min_element(points.begin(), points.end(), [](auto a, auto b) { return a.y < b.y; })
      ->y;
}
double greatest_y(const Points& points) {
  return std::max_element(points.begin(), points.end(), [](auto a, auto b) { return a.y < b.y; })
      ->y;
}

/// From zero where that costs little height.
Axis y_axis(double low, double high) {
  if (low > 0 && low < 0.4 * high) low = 0;
  return make_axis(low, high, 6);
}

std::string text(double x, double y, std::string_view attributes, std::string_view content) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, attributes,
                     escaped(content));
}

std::string line(double x1, double y1, double x2, double y2, std::string_view css_class) {
  return fmt::format(
      "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1, y1, x2,
      y2, css_class);
}

std::string axes(const Panel& panel, std::string_view title, std::string_view x_label,
                 std::string_view y_unit) {
  const Frame& frame = panel.frame;
  const double right = frame.left + frame.width;
  const double bottom = frame.top + frame.height;
  std::string svg = text(frame.left, frame.top - 14, "class=\"panel\"", title);
  for (const double tick : panel.y.ticks) {
    svg += line(frame.left, panel.row(tick), right, panel.row(tick), "grid");
    svg += text(frame.left - 8, panel.row(tick) + 4, "class=\"tick\" text-anchor=\"end\"",
                fmt::format("{}{}", panel.y.label(tick), y_unit));
  }
  for (const double tick : panel.x.ticks) {
    svg += line(panel.column(tick), bottom, panel.column(tick), bottom + 5, "axis");
    svg += text(panel.column(tick), bottom + 20, "class=\"tick\" text-anchor=\"middle\"",
                panel.x.label(tick));
  }
  svg += line(frame.left, bottom, right, bottom, "axis");
  svg += text(frame.left + frame.width / 2, bottom + 42, "class=\"tick\" text-anchor=\"middle\"",
              x_label);
  return svg;
}

std::string polyline(const Panel& panel, const Points& points, std::string_view color,
                     std::string_view style) {
  std::string coordinates;
  for (const CurvePoint& point : points)
    coordinates += fmt::format("{:.1f},{:.1f} ", panel.column(point.x), panel.row(point.y));
  return fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" {}/>\n", coordinates,
                     color, style);
}

std::string dots(const Panel& panel, const Points& points, std::string_view color) {
  std::string svg;
  for (const CurvePoint& point : points)
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"{}\"/>\n",
                       panel.column(point.x), panel.row(point.y), color);
  return svg;
}

std::string no_data(const Frame& frame, std::string_view title) {
  return text(frame.left, frame.top - 14, "class=\"panel\"", title) +
         text(frame.left + frame.width / 2, frame.top + frame.height / 2,
              "class=\"tick\" text-anchor=\"middle\"", "no data yet");
}

std::string loss_panel(const Points& raw, const Axis& x, std::string_view x_label) {
  if (raw.empty()) return no_data(left_frame, "training loss");
  const Points mean = thinned(smoothed(raw));
  const Points steps = thinned(raw);
  // A few wild steps may leave the panel; the running mean must not.
  const double low = std::min(least_y(mean), least_y(steps));
  const double high = std::min(greatest_y(steps), 1.5 * greatest_y(mean));
  const Panel panel{left_frame, x, y_axis(low, std::max(high, greatest_y(mean)))};
  const std::string title = fmt::format("training loss, last {:.3f}", steps.back().y);
  return axes(panel, title, x_label, "") +
         polyline(panel, steps, loss_color, "stroke-width=\"1\" opacity=\"0.25\"") +
         polyline(panel, mean, loss_color, "stroke-width=\"2\" stroke-linejoin=\"round\"");
}

std::string accuracy_panel(Points points, const Axis& x, std::string_view x_label) {
  if (points.empty()) return no_data(right_frame, "test accuracy");
  for (CurvePoint& point : points)
    point.y *= 100;
  const Points shown = thinned(points);
  const Panel panel{right_frame, x, make_axis(least_y(points), greatest_y(points), 6)};
  const std::string title = fmt::format("test accuracy, last {:.2f} %, best {:.2f} %",
                                        points.back().y, greatest_y(points));
  return axes(panel, title, x_label, "%") +
         polyline(panel, shown, accuracy_color, "stroke-width=\"2\" stroke-linejoin=\"round\"") +
         (shown.size() <= 60 ? dots(panel, shown, accuracy_color) : "");
}

}  // namespace

std::string curve_svg(const TrainingCurve& curve) {
  const Points loss = finite_points(curve.loss);
  const Points accuracy = finite_points(curve.accuracy);
  double last = 0;
  for (const Points* points : {&loss, &accuracy})
    for (const CurvePoint& point : *points)
      last = std::max(last, point.x);
  Axis x = make_axis(0, std::max(last, 1.0), 6);
  x.high = std::max(last, 1.0);  // no empty space on the right
  std::erase_if(x.ticks, [&](double tick) { return tick > x.high * (1 + 1e-9); });

  return fmt::format(
             R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}">
<style>
text {{ font-family: "DejaVu Sans", Verdana, sans-serif; fill: #222 }}
.title {{ font-size: 16px; font-weight: bold }}
.panel {{ font-size: 13px }}
.tick {{ font-size: 12px; fill: #555 }}
.grid {{ stroke: #e4e4e4 }}
.axis {{ stroke: #666 }}
</style>
<rect width="100%" height="100%" fill="#ffffff"/>
)",
             width, height) +
         text(left_frame.left, 30, "class=\"title\"", curve.title) +
         loss_panel(loss, x, curve.x_label) + accuracy_panel(accuracy, x, curve.x_label) +
         "</svg>\n";
}

}  // namespace rondo::telemetry
