// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace rondo::job {

/// A further SIGINT within this time counts as the same one: launchers that signal a process and
/// then its group, as timeout(1) does, deliver one interrupt twice.
inline constexpr std::chrono::milliseconds interrupt_echo{200};

/// From now on SIGTERM, SIGUSR1 and SIGINT only set a flag: the training loop finishes its step,
/// saves and leaves. A second SIGINT, later than `interrupt_echo`, ends the process at once.
///
/// Call it once, after MPI has started. Slurm sends SIGTERM before it kills, and what
/// `--signal=USR1@60` asks for; mpirun passes SIGUSR1 on to all ranks.
void install_stop_signals();

/// True once a signal came, or `request_stop` was called. Local: ranks must agree before acting.
bool stop_requested() noexcept;

/// Sets and clears the flag by hand.
void request_stop() noexcept;
void clear_stop_request() noexcept;

}  // namespace rondo::job
