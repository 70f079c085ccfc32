// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/svg.hpp"

#include <fmt/format.h>

namespace rondo::scale {
namespace {

std::string hint_element(std::string_view hint) {
  return hint.empty() ? "" : fmt::format("<title>{}</title>", escaped(hint));
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    switch (letter) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result += letter;
    }
  }
  return result;
}

Svg::Svg(int width, int height, std::string_view title)
    : content_(fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
                           "role=\"img\" aria-label=\"{}\">\n",
                           width, height, escaped(title))) {}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view css_class) {
  content_ +=
      fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n",
                  x1, y1, x2, y2, css_class);
}

void Svg::rect(double x, double y, double width, double height, std::string_view css_class,
               std::string_view hint) {
  content_ += fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"{}\">{}</rect>\n",
      x, y, width, height, css_class, hint_element(hint));
}

void Svg::circle(double x, double y, double radius, std::string_view css_class,
                 std::string_view hint) {
  content_ +=
      fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" class=\"{}\">{}</circle>\n", x,
                  y, radius, css_class, hint_element(hint));
}

void Svg::polyline(const std::vector<std::pair<double, double>>& points,
                   std::string_view css_class) {
  std::string coordinates;
  for (const auto& [x, y] : points)
    coordinates += fmt::format("{:.1f},{:.1f} ", x, y);
  content_ += fmt::format("<polyline points=\"{}\" class=\"{}\"/>\n", coordinates, css_class);
}

void Svg::text(double x, double y, std::string_view css_class, std::string_view content) {
  content_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y,
                          css_class, escaped(content));
}

}  // namespace rondo::scale
