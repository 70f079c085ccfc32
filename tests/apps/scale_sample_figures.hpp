// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "apps/scale_pieces.hpp"
#include "scale/figures.hpp"

namespace rondo::test {

/// One rank, and two that lose a fifth of each step to communication.
inline std::vector<scale::Measurement> sample_measurements() {
  scale::Measurement one{.ranks = 1, .nodes = 1};
  scale::Measurement two{.ranks = 2, .nodes = 2};
  for (int round = 0; round < 3; ++round) {
    one.pieces.push_back(even_piece(1, 5, 1));
    two.pieces.push_back(even_piece(2, 5, 1));
    delay_all(two.pieces.back(), &scale::StepTimes::finish, 0.25);
    two.pieces.back().reduction = 1.1;
  }
  return {one, two};
}

inline scale::Figures sample_figures(scale::Mode mode,
                                     const std::vector<scale::Setting>& settings) {
  const scale::Plan plan{.mode = mode, .ranks = {1, 2}, .steps = 5, .repeats = 3};
  scale::Figures figures;
  figures.subject = {.mode = mode,
                     .model = "a<b>",
                     .compute = "synthetic",
                     .gradient_bytes = 1000,
                     .seed = 1,
                     .repeats = 3};
  figures.counts = evaluate(plan, figures.subject, sample_measurements(), settings);
  figures.timeline = {.phases = {{.name = "forward and backward", .begin = 0, .end = 1}},
                      .buckets = {{.name = "bucket 0", .begin = 0.5, .end = 0.75, .bytes = 1000}}};
  figures.remarks = remarks_on(figures);
  return figures;
}

}  // namespace rondo::test
