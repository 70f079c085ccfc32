// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hwloc.h>

#include "job/shares.hpp"

namespace rondo::job {

/// The NUMA domains that have processors, and their cores, of what `topology` allows. A processor
/// without a domain or a core of its own makes one.
Domains domains_of(hwloc_topology_t topology);

}  // namespace rondo::job
