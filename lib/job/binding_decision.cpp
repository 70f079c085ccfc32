// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "job/binding_decision.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::job {
namespace {

bool is_confined(const Machine& machine) {
  return machine.own != processors_of(machine.domains);
}

std::string plural(std::size_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

Decision as_it_is(const Machine& machine, const char* why_not = "") {
  const std::string text = describe(machine.domains, machine.own);
  return {.text = text + (is_confined(machine) ? " by the launcher" : why_not)};
}

Decision share(Bind bind, const Sharers& sharers, const Machine& machine) {
  if (sharers.count == 1) return as_it_is(machine, ": the only rank of its machine");
  const Domains usable = restrict_to(machine.domains, machine.own);
  std::vector<Processors> shares = share_out(usable, bind, sharers.count);
  if (shares.empty())
    return {.text = leave_alone(bind, plural(static_cast<std::size_t>(sharers.count), "rank") +
                                          " on " + plural(core_count(usable), "core"))};
  Processors& own = shares[static_cast<std::size_t>(sharers.rank)];
  std::string text = describe(machine.domains, own);
  return {.processors = std::move(own), .text = std::move(text)};
}

}  // namespace

std::optional<Decision> decide_by_launch(Bind bind, const Launch& launch, const Machine& machine) {
  if (bind == Bind::none) return as_it_is(machine);
  if (!machine.openmp.empty()) {
    if (bind != Bind::automatic) leave_alone(bind, machine.openmp + " has bound the threads");
    return Decision{.text = fmt::format("bound by OpenMP ({})", machine.openmp)};
  }
  const bool knows_others = launch.launcher != Launcher::none && launch.local_rank >= 0 &&
                            launch.local_rank < launch.local_size;
  if (!knows_others || is_confined(machine)) return std::nullopt;
  return share(bind, {.rank = launch.local_rank, .count = launch.local_size}, machine);
}

Decision decide_beside(Bind bind, const Sharers& sharers, const Machine& machine) {
  if (bind == Bind::automatic && !sharers.all_ranks) return as_it_is(machine);
  return share(bind, sharers, machine);
}

std::string leave_alone(Bind bind, const std::string& reason) {
  if (bind == Bind::automatic || bind == Bind::none) return "not bound: " + reason;
  throw ConfigError(fmt::format("--bind {} cannot be had: {}. Leave it out, or choose --bind none",
                                name_of(bind), reason));
}

}  // namespace rondo::job
