// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rondo/job/launch.hpp"

namespace rondo::job {

/// Which part of the processors that it may use a rank keeps for itself.
enum class Bind : std::uint8_t {
  automatic,  ///< numa or core, whichever leaves the poorest rank more; nothing where that is wrong
  none,       ///< all: it stays as it was started
  numa,       ///< whole NUMA domains; where there are more ranks than domains they share them
  core        ///< cores of its own, all in one NUMA domain
};

constexpr std::string_view name_of(Bind bind) {
  switch (bind) {
    case Bind::automatic: return "auto";
    case Bind::none: return "none";
    case Bind::numa: return "numa";
    case Bind::core: return "core";
  }
  return "";
}

/// The ranks of one machine that may use the same processors as this one, and this one.
struct Sharers {
  int rank = 0;  ///< of this one among them
  int count = 1;
  bool all_ranks = true;  ///< those of the machine: nobody has bound them one by one
};

/// Binds this process to its share where the environment tells the share: before MPI_Init, so that
/// MPI's threads and buffers are near, too. Threads that start later inherit it.
///
/// Bind::automatic leaves the process alone where somebody has bound it (the launcher, OpenMP),
/// where it is alone on its machine, and where there are more ranks than processors. Returns what
/// it is bound to, or why to nothing, for people; empty: ask the others of this machine for their
/// processors_hash(), and call bind_beside(). \throws ConfigError  a binding was asked for and is
/// not to be had
std::optional<std::string> bind_by_launch(Bind bind, const Launch& launch);

/// The processors that this process may use: equal numbers for equal ones.
std::uint64_t processors_hash();

/// The same as bind_by_launch() where the other ranks were asked.
std::string bind_beside(Bind bind, const Sharers& sharers);

}  // namespace rondo::job
