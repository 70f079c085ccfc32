// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "rondo/job/binding.hpp"

#include "job/shares.hpp"

namespace rondo::job {

/// What a process finds where it was started.
struct Machine {
  Domains domains = {};     ///< all that its job or container may use
  Processors own = {};      ///< of those, where it may run itself
  std::string openmp = {};  ///< the variable by which OpenMP binds threads, `NAME=value`; or empty
};

/// Which processors a process is to keep, and what to say of it.
struct Decision {
  Processors processors = {};  ///< empty: it stays as it is
  std::string text;
};

/// Empty where only the other ranks of the machine know. \throws ConfigError  see bind_by_launch()
std::optional<Decision> decide_by_launch(Bind bind, const Launch& launch, const Machine& machine);
Decision decide_beside(Bind bind, const Sharers& sharers, const Machine& machine);

/// What to say where `bind` cannot be done. \throws ConfigError  it was asked for by name
std::string leave_alone(Bind bind, const std::string& reason);

}  // namespace rondo::job
