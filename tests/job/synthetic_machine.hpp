// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include <hwloc.h>

#include "job/hwloc_domains.hpp"

namespace rondo::job::test {

/// The domains of a machine in hwloc's words, such as "numa:2 core:4 pu:2". Processors are numbered
/// one after another, those of a core beside each other.
inline Domains synthetic(const std::string& description) {
  hwloc_topology_t topology = nullptr;
  hwloc_topology_init(&topology);
  if (hwloc_topology_set_synthetic(topology, description.c_str()) != 0 ||
      hwloc_topology_load(topology) != 0) {
    hwloc_topology_destroy(topology);
    throw std::runtime_error("hwloc does not understand " + description);
  }
  Domains domains = domains_of(topology);
  hwloc_topology_destroy(topology);
  return domains;
}

}  // namespace rondo::job::test
