// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::scale {

/// `text` as HTML and SVG show it.
std::string escaped(std::string_view text);

/// A drawing inside a page, whose style sheet has the classes that are named here. Coordinates are
/// pixels, y grows downwards.
class Svg {
 public:
  /// `title` is what a screen reader says in its place.
  Svg(int width, int height, std::string_view title);

  void line(double x1, double y1, double x2, double y2, std::string_view css_class);
  /// `hint` shows under the pointer.
  void rect(double x, double y, double width, double height, std::string_view css_class,
            std::string_view hint = "");
  void circle(double x, double y, double radius, std::string_view css_class,
              std::string_view hint = "");
  void polyline(const std::vector<std::pair<double, double>>& points, std::string_view css_class);
  /// The class also says how it is aligned.
  void text(double x, double y, std::string_view css_class, std::string_view content);

  /// The whole element.
  std::string str() const { return content_ + "</svg>\n"; }

 private:
  std::string content_;
};

}  // namespace rondo::scale
