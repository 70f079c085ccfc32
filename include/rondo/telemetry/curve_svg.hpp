// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

namespace rondo::telemetry {

struct CurvePoint {
  double x = 0;
  double y = 0;
};

/// What the curve of a training run shows. Points with a NaN or infinity are left out.
struct TrainingCurve {
  std::string title;
  std::string x_label = "step";
  std::span<const CurvePoint> loss = {};  ///< of the training steps; shown with its running mean
  std::span<const CurvePoint> accuracy = {};  ///< on the test split, as a fraction, over the same x
};

/// The curve as a complete SVG file: the loss in a panel on the left, the accuracy on the right.
/// Stays small for runs of any length.
std::string curve_svg(const TrainingCurve& curve);

}  // namespace rondo::telemetry
