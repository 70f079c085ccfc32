// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace rondo::scale {

/// Where a rank's time of one step went, in seconds. The parts follow one another without a gap.
struct StepTimes {
  double data = 0;        ///< waiting for the batch
  double pass = 0;        ///< forward and backward pass, and what of the reduction happens in it
  double finish = 0;      ///< from the pass's end until all sums are there, and the update
  double checkpoint = 0;  ///< waiting for a save

  double own() const { return pass + finish; }
  double total() const { return data + pass + finish + checkpoint; }
};

/// One training step after the other, as a trainer makes them. Not thread-safe.
class TrainingStep {
 public:
  virtual ~TrainingStep() = default;
  /// Collective.
  virtual StepTimes run() = 0;
};

/// What of a step a rank makes.
enum class Kind : std::uint8_t {
  whole,
  reduction,  ///< the gradients' reduction alone: passes take no time
  computing   ///< passes and update alone: no data is waited for, and nothing is saved
};

}  // namespace rondo::scale
