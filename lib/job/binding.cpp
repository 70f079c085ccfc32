// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/binding.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/hash.hpp"

#include "job/binding_decision.hpp"
#include "job/machine.hpp"
#include "job/slurm.hpp"

namespace rondo::job {
namespace {

constexpr const char* unknown_machine = "hwloc knows nothing of this machine";

bool is_false(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  return text == "false";
}

/// By which variable OpenMP binds; the first one overrules the others.
std::string openmp_binding() {
  constexpr std::array variables{"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"};
  if (is_false(environment(variables.front()))) return "";
  for (const char* name : variables)
    if (const std::string value = environment(name); !value.empty())
      return std::string(name) + "=" + value;
  return "";
}

Machine this_machine() {
  Machine machine = inspect_machine();
  machine.openmp = openmp_binding();
  return machine;
}

std::string carry_out(Bind bind, const Decision& decision) {
  if (decision.processors.empty()) return decision.text;
  const std::string obstacle = bind_process(decision.processors);
  return obstacle.empty() ? decision.text : leave_alone(bind, obstacle);
}

}  // namespace

std::optional<std::string> bind_by_launch(Bind bind, const Launch& launch) {
  const Machine machine = this_machine();
  if (machine.domains.empty()) {
    leave_alone(bind, unknown_machine);
    return fmt::format("binding unknown: {}", unknown_machine);
  }
  const std::optional<Decision> decision = decide_by_launch(bind, launch, machine);
  if (!decision) return std::nullopt;
  return carry_out(bind, *decision);
}

std::uint64_t processors_hash() {
  const Machine machine = inspect_machine();
  return content_hash(std::as_bytes(std::span(machine.own)));
}

std::string bind_beside(Bind bind, const Sharers& sharers) {
  return carry_out(bind, decide_beside(bind, sharers, this_machine()));
}

}  // namespace rondo::job
