// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/comm/communicator.hpp"
#include "rondo/comm/tuning.hpp"

#include "rondo_bench/race.hpp"

namespace rondo::bench {

/// `tuning` with the parameters that matter at this place measured: each on communicators of its
/// own that differ in nothing else, by the geometric mean of an allreduce's time over some sizes.
/// The present value stays where no other is clearly better.
///
/// Collective; equal on all ranks. `report` is told each parameter, its value and its rivals.
comm::Tuning tune_parameters(comm::Communicator& comm, const comm::Tuning& tuning,
                             const RaceOptions& race_options,
                             const std::function<void(const std::string&)>& report);

}  // namespace rondo::bench
