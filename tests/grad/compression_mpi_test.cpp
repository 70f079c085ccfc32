// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "rondo/comm/mpi_world.hpp"

#include "grad/compression_checks.hpp"

namespace rondo::grad {
namespace {

TEST(CompressionOverMpi, keeps_the_books_and_the_bits_by_messages) {
  const auto comm = comm::make_mpi_communicator({.shared_memory = false});
  test::check_everything(*comm);
}

TEST(CompressionOverMpi, keeps_them_in_shared_memory_with_a_progress_thread) {
  const auto comm = comm::make_mpi_communicator({.progress = comm::Progress::thread});
  test::check_everything(*comm);
}

}  // namespace
}  // namespace rondo::grad
