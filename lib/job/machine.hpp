// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "job/binding_decision.hpp"

namespace rondo::job {

/// Domains and processors of this machine; no domains where they cannot be known.
Machine inspect_machine();

/// Binds all threads that this process has. Returns what is in the way; empty if nothing.
std::string bind_process(const Processors& processors);

}  // namespace rondo::job
