// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "scale/figures.hpp"

namespace rondo::scale {

/// Drawings of the figures as SVG elements; report.cpp has their style sheet.

/// Efficiency over the rank counts with intervals, below the ideal line and what links and passes
/// allow. Rank counts that are no measurement of scaling are left out.
std::string efficiency_plot(const Figures& figures);
/// What a step's time goes into, a bar for each rank count, beside the ideal step.
std::string attribution_plot(const Figures& figures);
/// How long the steps were, a histogram for each rank count over one axis.
std::string histogram_plot(const Figures& figures);
/// One step of rank 0: its phases, and when each bucket was under way.
std::string timeline_plot(const Timeline& timeline);

}  // namespace rondo::scale
