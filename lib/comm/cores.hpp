// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <span>
#include <type_traits>

#include <sched.h>

namespace rondo::comm {

/// Cores of one machine, by the system's numbers. Travels between its processes as bytes.
using CoreSet = std::bitset<CPU_SETSIZE>;
static_assert(std::is_trivially_copyable_v<CoreSet>);

/// Where the calling thread may run: within the cpuset of its job or container, and as mpirun or
/// Slurm bound it.
CoreSet own_cores();

/// Whether some rank cannot have a core of its own. `ranks`: where each rank of a machine may run.
/// Ranks that are bound to a core each are not crowded, although each knows of one core only.
bool is_crowded(std::span<const CoreSet> ranks);

}  // namespace rondo::comm
