// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "scale/experiment.hpp"

namespace rondo::scale {

/// What a step's time goes into. METRICS.md tells how each is measured.
enum class Part : std::uint8_t {
  computing,      ///< passes and update of one rank that has its node for itself
  communication,  ///< exposed: what the rank that comes last still waits for
  arrival_skew,   ///< what all lose because one computes longer than usual
  data_wait,
  kernel_slowdown,  ///< what computing takes longer when the neighbours compute too
  checkpoint,
  launch_overhead,  ///< what the pass takes longer for starting and advancing the reduction
  other             ///< what none of the timers explains
};
inline constexpr std::size_t part_count = 8;

/// "exposed communication": for people; and "exposed_communication": for JSON.
std::string_view title_of(Part part);
std::string_view key_of(Part part);

/// Seconds of a step by part.
struct Parts {
  std::array<double, part_count> seconds{};

  double& operator[](Part part) { return seconds[static_cast<std::size_t>(part)]; }
  double operator[](Part part) const { return seconds[static_cast<std::size_t>(part)]; }
  double sum() const;
};

/// Takes a piece's step apart. In each step the rank that waits least came last; what the others
/// wait longer than it counts as what kept that rank: longer passes, its data or a checkpoint.
/// Needs no common clock. The parts' sum is `piece.seconds`.
Parts attribute(const Piece& piece);

/// The mean over the rounds; the sum is the mean step.
Parts attribute(std::span<const Piece> pieces);

/// What `parts` loses against steps of `ideal` parts, each as a share of the step of `parts`; the
/// sum is 1 - efficiency of the mean steps.
Parts lost_shares(const Parts& parts, const Parts& ideal);

/// The rank that others waited for.
struct LastRank {
  int rank = 0;
  double share = 0;          ///< of the steps in which it came last
  double seconds = 0;        ///< on average in these: later than the usual rank
  bool is_chronic = false;   ///< far more often than chance would have it, and by much
  Part cause = Part::other;  ///< what it spent that time with: arrival_skew, data_wait, checkpoint
};

/// The one that came last most often. With one rank, rank 0 in no step.
LastRank find_last_rank(std::span<const Piece> pieces);

}  // namespace rondo::scale
