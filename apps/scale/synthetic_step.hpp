// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "rondo/comm/communicator.hpp"

#include "measure/synthetic_work.hpp"
#include "scale/model.hpp"
#include "scale/step.hpp"

namespace rondo::scale {

/// Causes of lost time that are put into a measurement on purpose.
struct Rehearsal {
  int straggler = -1;            ///< this rank of the job computes longer; -1: none does
  double straggler_factor = 1;   ///< so many times as long
  double reading_seconds = 0;    ///< of a batch, while the one before is computed with
  int slow_reader = -1;          ///< only this rank reads; -1: all do
  std::uint64_t save_every = 0;  ///< steps; 0: never
  double save_seconds = 0;       ///< that a save holds all ranks up
};

struct SyntheticOptions {
  bench::Backward work = bench::Backward::clock;
  std::chrono::microseconds poll_interval{500};
  std::size_t bucket_bytes = 0;
  Rehearsal rehearsal = {};
  int job_rank = 0;  ///< of this process, whatever the communicator
};

/// Steps that compute nothing but for as long as the model does, and reduce gradients of its sizes
/// in buckets behind the backward pass, as a trainer does. One lane a rank.
///
/// `comm`, `model` and `work` must outlive them. Collective, with equal options but `job_rank`.
std::unique_ptr<TrainingStep> make_synthetic_step(comm::Communicator& comm, const ModelWork& model,
                                                  bench::SyntheticWork& work,
                                                  const SyntheticOptions& options, Kind kind,
                                                  double share);

}  // namespace rondo::scale
