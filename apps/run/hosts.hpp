// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "run/options.hpp"

namespace rondo::apps {

struct Host {
  std::string name;
  int slots = 1;
  bool operator==(const Host&) const = default;
};

/// `a:2,b:2`, as mpirun's --host takes it.
std::string to_text(const std::vector<Host>& hosts);

/// The hosts of `a,b:4`; those without a number share `ranks` evenly.
/// \throws Error (usage)  anything else
std::vector<Host> parse_hosts(const std::string& text, int ranks);

/// All hosts that a run may use: --hosts, or those of the Slurm job; none: this one, whatever
/// mpirun makes of it.
/// \throws ConfigError  scontrol does not name the hosts of the job
std::vector<Host> hosts_of_run(const RunOptions& options);

/// Those of `hosts` that answer within ten seconds. This one always does, unless there is a
/// --probe.
std::vector<Host> answering(const std::vector<Host>& hosts, const RunOptions& options);

/// Those of `hosts` that are not in `others`.
std::vector<Host> without(const std::vector<Host>& hosts, const std::vector<Host>& others);

/// Where a life runs.
struct Placement {
  int ranks = 0;
  std::vector<Host> hosts;  ///< empty: mpirun's own choice
  bool operator==(const Placement&) const = default;
};

/// As many ranks as the hosts that answer have slots for, at most `wanted`; nothing if those are
/// less than `least`.
std::optional<Placement> place(const std::vector<Host>& answering, int wanted, int least);

}  // namespace rondo::apps
