// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "rondo/base/exit_code.hpp"
#include "rondo/comm/communicator.hpp"

namespace rondo::comm {

/// What the MPI library allows threads to do (MPI_THREAD_SINGLE and so on).
enum class ThreadLevel : std::uint8_t { single, funneled, serialized, multiple };

/// MPI, initialised for as long as this object lives.
///
/// Asks for MPI_THREAD_MULTIPLE; takes whatever level it gets. If MPI is initialised already, it is
/// left to its owner: nothing is initialised or finalised here. Works without mpirun, as one rank.
/// Make one, in main() before the try block that holds everything that communicates. Collective:
/// finalising waits for all ranks, except while an exception unwinds the stack.
class MpiWorld {
 public:
  /// \throws CommError  MPI cannot be initialised, or was finalised before
  MpiWorld();
  MpiWorld(const MpiWorld&) = delete;
  MpiWorld& operator=(const MpiWorld&) = delete;
  ~MpiWorld();

  static ThreadLevel thread_level();

 private:
  bool owns_ = false;
  int exceptions_ = 0;
};

/// Keeps this library's threads out of MPI for as long as it lives.
///
/// Only where the level is ThreadLevel::serialized and a communicator has a progress thread: the
/// program's own MPI calls must then hold one. Does nothing at other levels. Recursive.
class MpiGuard {
 public:
  MpiGuard();
  MpiGuard(const MpiGuard&) = delete;
  MpiGuard& operator=(const MpiGuard&) = delete;
  ~MpiGuard();

 private:
  bool locked_;
};

/// A communicator of all ranks that MPI started, on a duplicate of MPI_COMM_WORLD.
///
/// Collective, and so is its destruction, unless it has failed or an exception unwinds the stack:
/// all ranks destroy theirs, in the same order, before MPI ends. Progress::thread needs
/// ThreadLevel::serialized (see MpiGuard) and falls back to Progress::caller below it.
///
/// Errors of MPI come back as CommErrors, by MPI_ERRORS_RETURN on the duplicate. MPICH asks the
/// handler of MPI_COMM_WORLD when a request fails: MpiWorld sets it; a program that initialises MPI
/// itself must set it, too, or MPICH aborts the job there, without our message. Deadlines and
/// errors in shared memory are no affair of MPI's. (Where a rank dies, most launchers end the whole
/// job.) \throws CommError  MPI is not initialised, or the duplication failed \throws ConfigError
/// on all ranks alike, exit code 78: options.tuning is null and the file that
///                      rank 0's RONDO_TUNING names cannot be read, or is no tuning
std::unique_ptr<Communicator> make_mpi_communicator(CommunicatorOptions options = {});

/// The same on a duplicate of the caller's communicator, named by its Fortran handle:
/// `make_mpi_communicator_on(MPI_Comm_c2f(comm))`. (This header does not include <mpi.h>.)
std::unique_ptr<Communicator> make_mpi_communicator_on(int fortran_handle,
                                                       CommunicatorOptions options = {});

/// Ends all ranks of the job at once with `code`: MPI_Abort, or the end of this process where MPI
/// does not run. For main() after an error that only some ranks have seen.
[[noreturn]] void abort_job(ExitCode code) noexcept;

}  // namespace rondo::comm
