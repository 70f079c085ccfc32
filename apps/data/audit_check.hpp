// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "rondo/data/lane_sampler.hpp"

#include "data/run_metrics.hpp"

namespace rondo::apps {

/// What a life has given to the audited parameters: its steps (after, up_to].
struct KeptLife {
  Life life;
  bool is_kept = false;     ///< the audited parameters descend from it
  std::uint64_t up_to = 0;  ///< the step of the checkpoint that the next life, or the audit, took
};

/// Something that is not as "every sample of every epoch exactly once" wants it.
struct AuditException {
  std::string source;   ///< "metrics", "checkpoint", or "order"
  std::string problem;  ///< "used twice", "never used", "used ahead", or what else is wrong
  /// Which positions of which lanes' sequences in which epochs; no positions for other problems.
  std::size_t first_epoch = 0, last_epoch = 0;
  std::size_t first_lane = 0, last_lane = 0;
  std::size_t begin = 0, end = 0;
  std::string life;                    ///< in which it happened; empty if that is unknown
  std::vector<std::uint64_t> samples;  ///< of the first epoch, sorted; at most a few thousand
};

struct AuditResult {
  std::filesystem::path checkpoint;
  std::uint64_t step = 0;  ///< of the audited parameters
  data::LaneSampler::Options order;
  std::size_t steps_per_epoch = 0;
  std::vector<KeptLife> lives;  ///< as they began
  std::uint64_t complete_epochs = 0;
  std::size_t samples_behind = 0;          ///< used of the epoch after those
  std::uint64_t skipped_steps = 0;         ///< used samples, but updated nothing: overflow or bad
  std::size_t enumerated_epochs = 0;       ///< whose order was gone through sample by sample
  std::vector<AuditException> exceptions;  ///< the first thousand
  std::size_t exception_count = 0;
};

/// How many epochs' order is gone through.
enum class Enumeration { some, all };

/// Compares what a run's parameters were trained on with what they should have been.
///
/// Twice over: by the ledger of the newest checkpoint, which holds what all ranks report, and by
/// the steps in the metrics along the chain of lives that led to that checkpoint. Steps that a
/// killed life lost behind its last checkpoint are in no parameters, and do not count. Then goes
/// through the order of the epochs itself: as many as make 2^24 samples, or all.
///
/// \throws IoError  missing_input: no metrics or no checkpoint; bad_content: either is not what a
///                  trainer of this release writes
AuditResult audit_run(const std::filesystem::path& run, Enumeration enumeration);

}  // namespace rondo::apps
