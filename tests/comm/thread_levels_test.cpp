// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <mpi.h>

#include "rondo/comm/mpi_world.hpp"

#include "support/collective_checks.hpp"

/// Run once for each thread level that MPI was initialised with, by the test's main().
namespace rondo::comm {
namespace {

constexpr auto time_limit = std::chrono::seconds(20);

/// Ranks of one node exchange MPI messages too: what is tested is MPI's part.
CommunicatorOptions with_thread(bool shared_memory = false) {
  return {.time_limit = time_limit, .progress = Progress::thread, .shared_memory = shared_memory};
}

bool may_use_threads() {
  return MpiWorld::thread_level() >= ThreadLevel::serialized;
}

std::ptrdiff_t count_threads() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}

/// A duplicate of MPI_COMM_WORLD for the program's own messages.
class OwnMessages {
 public:
  OwnMessages() {
    const MpiGuard guard;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm_);
  }
  OwnMessages(const OwnMessages&) = delete;
  OwnMessages& operator=(const OwnMessages&) = delete;
  ~OwnMessages() {
    const MpiGuard guard;
    MPI_Comm_free(&comm_);
  }

  void send_word_to(int peer) {
    const MpiGuard guard;
    MPI_Send(nullptr, 0, MPI_BYTE, peer, 0, comm_);
  }
  bool word_came() {
    const MpiGuard guard;
    int came = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, 0, comm_, &came, MPI_STATUS_IGNORE);
    if (came != 0) MPI_Recv(nullptr, 0, MPI_BYTE, MPI_ANY_SOURCE, 0, comm_, MPI_STATUS_IGNORE);
    return came != 0;
  }
  int sum(int value) {
    const MpiGuard guard;
    MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_SUM, comm_);
    return value;
  }

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
};

/// Whether `came()` within the time limit, with `pump()` called in between.
bool comes_in_time(const std::function<bool()>& came, const std::function<void()>& pump) {
  const auto deadline = std::chrono::steady_clock::now() + time_limit;
  while (!came()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    pump();
    std::this_thread::yield();
  }
  return true;
}

TEST(ThreadLevel, is_the_one_asked_for) {
  const char* wanted = std::getenv("RONDO_TEST_THREAD_LEVEL");  // NOLINT(concurrency-mt-unsafe)
  ASSERT_NE(wanted, nullptr) << "the same on all ranks";
  constexpr std::array<std::string_view, 4> names = {"single", "funneled", "serialized",
                                                     "multiple"};
  EXPECT_EQ(names.at(static_cast<std::size_t>(MpiWorld::thread_level())), wanted);
}

TEST(ThreadLevel, allows_a_progress_thread_from_serialized_on) {
  const auto comm = make_mpi_communicator(with_thread());
  const auto before = count_threads();
  const auto work = comm->barrier();

  EXPECT_EQ(count_threads() - before, may_use_threads() ? 1 : 0);
  wait(*comm, *work);
}

TEST(ThreadLevel, serves_all_collectives) {
  for (const bool shared_memory : {false, true}) {
    const auto comm = make_mpi_communicator(with_thread(shared_memory));
    test::check_all_collectives(*comm);
  }
}

/// Rank 0 starts an operation and then only looks for a word that its last peer sends when the
/// operation has ended there: `pump` is all that advances rank 0's part.
void expect_progress_by(const std::function<void(Communicator&, Work&)>& pump) {
  const auto comm = make_mpi_communicator(with_thread());
  OwnMessages own;
  std::vector<double> data(5000, 1.0);
  const auto work =
      comm->allreduce(std::as_writable_bytes(std::span(data)), DType::f64, ReduceOp::sum);
  if (comm->rank() == 0 && comm->size() > 1) {
    EXPECT_TRUE(comes_in_time([&] { return own.word_came(); }, [&] { pump(*comm, *work); }));
  } else {
    wait(*comm, *work);
    if (comm->rank() == comm->size() - 1 && comm->size() > 1) own.send_word_to(0);
  }
  wait(*comm, *work);
  EXPECT_EQ(data, std::vector<double>(5000, comm->size()));
}

TEST(ThreadLevel, a_progress_thread_works_while_the_program_does_something_else) {
  if (!may_use_threads()) GTEST_SKIP() << "this level of MPI allows no second thread";
  expect_progress_by([](Communicator&, Work&) {});
}

TEST(ThreadLevel, hooks_in_a_computing_loop_advance_operations) {
  expect_progress_by([](Communicator& comm, Work&) { comm.progress(); });
  expect_progress_by([](Communicator&, Work& work) { work.done(); });
}

TEST(ThreadLevel, the_programs_own_mpi_calls_mix_with_operations_under_way) {
  const auto comm = make_mpi_communicator(with_thread());
  OwnMessages own;
  std::vector<std::vector<float>> data(20, std::vector<float>(3000, 1.0F));
  std::vector<std::unique_ptr<Work>> works;
  for (auto& values : data) {
    works.push_back(
        comm->allreduce(std::as_writable_bytes(std::span(values)), DType::f32, ReduceOp::sum));
    EXPECT_EQ(own.sum(1), comm->size());
  }
  for (auto& work : works)
    wait(*comm, *work);

  for (const auto& values : data)
    EXPECT_EQ(values, std::vector<float>(3000, static_cast<float>(comm->size())));
}

}  // namespace
}  // namespace rondo::comm
