// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rondo/job/binding.hpp"

namespace rondo::job {

/// Hardware threads of one machine, by the system's numbers, ascending.
using Processors = std::vector<int>;

/// A NUMA domain's cores, neighbours beside each other. None is empty.
using Domain = std::vector<Processors>;
using Domains = std::vector<Domain>;

/// What of `domains` is in `allowed`; what is left empty goes.
Domains restrict_to(const Domains& domains, const Processors& allowed);

Processors processors_of(const Domains& domains);
std::size_t core_count(const Domains& domains);

/// What each rank of a machine gets, in the order of the machine, so that neighbours are near.
///
/// No two ranks share a core with Bind::core and Bind::automatic; where there are fewer cores than
/// ranks, none shares a hardware thread. The poorest rank gets as much as it can without a share
/// that lies in two domains. Empty: there are more ranks than hardware threads.
/// (Where ranks have devices, a device's domain is to come before this: ranks are counted apart in
/// the domains of their devices, each with the cores of that domain alone.)
std::vector<Processors> share_out(const Domains& domains, Bind bind, int ranks);

/// What of the machine `own` is: `not bound`, or `bound to cores` and the like.
std::string describe(const Domains& machine, const Processors& own);

}  // namespace rondo::job
