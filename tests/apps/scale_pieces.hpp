// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "scale/experiment.hpp"

namespace rondo::test {

/// A piece of ranks that compute `pass` seconds, leave together, and have the reduction hidden.
inline scale::Piece even_piece(std::size_t ranks, std::size_t steps, double pass) {
  const std::vector<scale::StepTimes> rank(steps, {.pass = pass});
  scale::Piece piece{.seconds = pass, .usual_seconds = pass, .reduction = pass / 2};
  piece.whole.assign(ranks, rank);
  piece.together = piece.whole;
  piece.alone.assign(ranks, {});
  piece.alone.front() = rank;
  return piece;
}

/// Rank `late` spends `seconds` more on `part` in every step; the others wait for it.
inline void delay(scale::Piece& piece, std::size_t late, double scale::StepTimes::*part,
                  double seconds) {
  piece.seconds += seconds;
  piece.usual_seconds += seconds;
  for (std::size_t rank = 0; rank < piece.whole.size(); ++rank)
    for (scale::StepTimes& step : piece.whole[rank])
      (rank == late ? step.*part : step.finish) += seconds;
}

/// All ranks spend more on `part` in every step.
inline void delay_all(scale::Piece& piece, double scale::StepTimes::*part, double seconds) {
  piece.seconds += seconds;
  piece.usual_seconds += seconds;
  for (auto& rank : piece.whole)
    for (scale::StepTimes& step : rank)
      step.*part += seconds;
}

}  // namespace rondo::test
