// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <gtest/gtest.h>
#include <mpi.h>

#include "support/needs_gpu.hpp"

namespace {

/// Keeps rank 0's report; other ranks print failures only, with their rank.
class FailurePrinter final : public testing::EmptyTestEventListener {
 public:
  explicit FailurePrinter(int rank) : rank_(rank) {}
  void OnTestPartResult(const testing::TestPartResult& r) override {
    if (!r.failed()) return;
    std::fprintf(stderr, "[rank %d] %s:%d: %s\n", rank_, r.file_name() ? r.file_name() : "?",
                 r.line_number(), r.message());
  }

 private:
  int rank_;
};

/// Starts and ends every test together, so a rank that failed early cannot
/// run into the next test's messages.
class Lockstep final : public testing::EmptyTestEventListener {
 public:
  void OnTestStart(const testing::TestInfo&) override { MPI_Barrier(MPI_COMM_WORLD); }
  void OnTestEnd(const testing::TestInfo&) override { MPI_Barrier(MPI_COMM_WORLD); }
};

/// MPI_THREAD_MULTIPLE unless RONDO_TEST_THREAD_LEVEL asks for less.
int wanted_thread_level() {
  const char* level = std::getenv("RONDO_TEST_THREAD_LEVEL");
  const std::string_view name = level != nullptr ? level : "multiple";
  if (name == "single") return MPI_THREAD_SINGLE;
  if (name == "funneled") return MPI_THREAD_FUNNELED;
  if (name == "serialized") return MPI_THREAD_SERIALIZED;
  return MPI_THREAD_MULTIPLE;
}

}  // namespace

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, wanted_thread_level(), &provided);
  // As MpiWorld does: MPICH asks this communicator's handler about the errors of any request.
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  testing::InitGoogleTest(&argc, argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);

  if (const auto code = rondo::test::code_without_gpu(rank == 0)) {
    MPI_Finalize();
    return *code;
  }
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  if (rank != 0) {
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailurePrinter(rank));
  }
  listeners.Append(new Lockstep);

  int failed = RUN_ALL_TESTS();
  if (testing::UnitTest::GetInstance()->test_to_run_count() == 0) failed = 1;
  MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  MPI_Finalize();
  return failed;
}
