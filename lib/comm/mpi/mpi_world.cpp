// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/mpi_world.hpp"

#include <cstdlib>
#include <exception>
#include <mutex>
#include <utility>

#include <mpi.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"

#include "comm/agreed_tuning.hpp"
#include "comm/make_communicator.hpp"
#include "comm/mpi/mpi_check.hpp"
#include "comm/mpi/mpi_transport.hpp"

namespace rondo::comm {
namespace {

bool is_initialized() {
  int initialized = 0;
  MPI_Initialized(&initialized);
  return initialized != 0;
}

bool is_finalized() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  return finalized != 0;
}

void require_running() {
  if (is_finalized()) throw CommError("MPI was finalised already", ExitCode::internal);
  if (!is_initialized())
    throw CommError("MPI is not initialised: make an MpiWorld first, in main()",
                    ExitCode::internal);
}

/// Whether MPI calls of several threads must exclude one another. Known once MPI runs.
bool is_serialized() {
  static const bool serialized = MpiWorld::thread_level() == ThreadLevel::serialized;
  return serialized;
}

std::recursive_mutex mpi_mutex;

std::unique_ptr<Communicator> make_on(MPI_Comm parent, CommunicatorOptions options) {
  if (MpiWorld::thread_level() < ThreadLevel::serialized) options.progress = Progress::caller;
  auto transport = std::make_unique<MpiTransport>(parent);
  if (!options.tuning) options.tuning = agreed_tuning(*transport, options.time_limit);
  return make_communicator(std::move(transport), options);
}

}  // namespace

MpiGuard::MpiGuard() : locked_(is_serialized()) {
  if (locked_) mpi_mutex.lock();
}

MpiGuard::~MpiGuard() {
  if (locked_) mpi_mutex.unlock();
}

MpiWorld::MpiWorld() : exceptions_(std::uncaught_exceptions()) {
  if (is_initialized()) return;
  int provided = 0;
  check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided), "MPI_Init_thread");
  owns_ = true;
  // MPICH asks this communicator's handler about the errors of any request.
  check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
}

MpiWorld::~MpiWorld() {
  if (!owns_ || is_finalized()) return;
  if (std::uncaught_exceptions() > exceptions_) return;
  MPI_Finalize();
}

ThreadLevel MpiWorld::thread_level() {
  require_running();
  int level = MPI_THREAD_SINGLE;
  check_mpi(MPI_Query_thread(&level), "MPI_Query_thread");
  switch (level) {
    case MPI_THREAD_MULTIPLE: return ThreadLevel::multiple;
    case MPI_THREAD_SERIALIZED: return ThreadLevel::serialized;
    case MPI_THREAD_FUNNELED: return ThreadLevel::funneled;
    default: return ThreadLevel::single;
  }
}

std::unique_ptr<Communicator> make_mpi_communicator(CommunicatorOptions options) {
  require_running();
  return make_on(MPI_COMM_WORLD, options);
}

std::unique_ptr<Communicator> make_mpi_communicator_on(int fortran_handle,
                                                       CommunicatorOptions options) {
  require_running();
  return make_on(MPI_Comm_f2c(fortran_handle), options);
}

void abort_job(ExitCode code) noexcept {
  if (is_initialized() && !is_finalized()) MPI_Abort(MPI_COMM_WORLD, static_cast<int>(code));
  std::_Exit(static_cast<int>(code));
}

}  // namespace rondo::comm
