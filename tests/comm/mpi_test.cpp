// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mpi.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/agree.hpp"
#include "rondo/comm/mpi_world.hpp"

#include "comm/mpi/mpi_transport.hpp"
#include "support/collective_checks.hpp"
#include "support/mismatch_checks.hpp"

namespace rondo::comm {
namespace {

using testing::HasSubstr;

void wait_for(Transport& transport, Transport::Ticket ticket) {
  while (!transport.test(ticket))
    std::this_thread::yield();
}

TEST(MpiWorld, leaves_an_initialised_mpi_to_its_owner) {
  { const MpiWorld world; }

  int finalized = 1;
  MPI_Finalized(&finalized);
  EXPECT_EQ(finalized, 0);
}

TEST(MpiCommunicator, has_all_ranks_of_the_job) {
  const auto comm = make_mpi_communicator({.time_limit = std::chrono::seconds(20)});
  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);

  EXPECT_EQ(comm->size(), size);
  EXPECT_EQ(comm->time_limit(), std::chrono::seconds(20));
}

TEST(MpiCommunicator, collectives_equal_the_oracle) {
  const auto comm = make_mpi_communicator();
  test::check_all_collectives(*comm);
}

TEST(MpiCommunicator, collectives_of_many_segments_equal_the_oracle) {
  const auto comm = make_mpi_communicator();
  test::check_broadcast(*comm, 300'001);
  test::check_allgather(*comm, 300'001);
  constexpr std::size_t count = 300'001;
  const auto size = static_cast<std::size_t>(comm->size());
  const auto rank = static_cast<std::size_t>(comm->rank());
  auto data = test::planted_data<float>(comm->rank(), count * size);
  std::vector<float> block(count);

  reduce_scatter(*comm, std::span<const float>(data), std::span<float>(block), ReduceOp::sum);
  allreduce(*comm, std::span<float>(data), ReduceOp::sum);

  test::expect_reduction(block, ReduceOp::sum, comm->size(), count * rank, "reduce_scatter");
  test::expect_reduction(data, ReduceOp::sum, comm->size(), 0, "allreduce");
}

TEST(MpiCommunicator, collectives_equal_the_oracle_with_a_progress_thread) {
  ASSERT_EQ(MpiWorld::thread_level(), ThreadLevel::multiple) << "the same on all ranks";
  const auto comm = make_mpi_communicator({.progress = Progress::thread});
  test::check_all_collectives(*comm);
}

TEST(MpiCommunicator, works_on_a_callers_communicator) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm half = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
  {
    const auto comm = make_mpi_communicator_on(MPI_Comm_c2f(half));
    EXPECT_EQ(comm->rank(), rank / 2);
    test::check_allreduce(*comm, 17);
  }
  MPI_Comm_free(&half);
}

TEST(MpiCommunicator, adds_lanes_to_the_same_bits_as_one_rank) {
  const auto comm = make_mpi_communicator();
  constexpr std::size_t lanes = 7;
  constexpr std::size_t count = 5000;
  const auto add = [](LaneTreeSum& sum, LaneRange range) {
    for (std::size_t lane = range.begin; lane < range.end; ++lane) {
      std::vector<float> values(count);
      for (std::size_t i = 0; i < count; ++i)
        values[i] = 1.0F / static_cast<float>(1 + lane * count + i);
      sum.add(lane, values);
    }
  };
  LaneTreeSum all(lanes, count);
  add(all, {0, lanes});
  LaneTreeSum own(lanes, count);
  add(own, lane_range(comm->rank(), comm->size(), lanes));

  std::vector<float> result(count);
  wait(*comm, *comm->allreduce_lanes(own.nodes(), lanes, result));

  const auto expected = all.nodes().front().sum;
  EXPECT_EQ(result, std::vector<float>(expected.begin(), expected.end()));
}

TEST(MpiCommunicator, ranks_that_disagree_see_both_calls_and_keep_their_data) {
  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (size != 2) GTEST_SKIP() << "with two ranks both are sure to see the difference at once";
  for (const auto& mismatch : test::mismatches()) {
    const auto comm = make_mpi_communicator({.time_limit = std::chrono::seconds(20)});
    test::check_mismatch(*comm, mismatch);
  }
}

TEST(MpiCommunicator, deadline_ends_the_wait_for_a_rank_that_does_not_come) {
  const auto comm = make_mpi_communicator({.time_limit = std::chrono::seconds(2)});
  if (comm->size() == 1) GTEST_SKIP() << "needs a peer";
  try {
    if (comm->rank() == 0) {
      barrier(*comm);
      ADD_FAILURE() << "no error";
    }
  } catch (const CommError& e) {
    EXPECT_THAT(e.what(), HasSubstr("barrier (#0) failed on rank 0"));
    EXPECT_THAT(e.what(), HasSubstr("did not come in time"));
    EXPECT_EQ(e.code(), ExitCode::requeue);
  }
  MPI_Barrier(MPI_COMM_WORLD);  // the others stay until then
}

TEST(MpiCommunicator, agrees_on_one_ranks_failure) {
  const auto comm = make_mpi_communicator();
  const int last = comm->size() - 1;
  try {
    agree_on_success(*comm, [&] {
      if (comm->rank() == last) throw IoError(ExitCode::missing_input, "no file");
    });
    ADD_FAILURE() << "no error";
  } catch (const AgreedError& e) {
    EXPECT_EQ(e.code(), ExitCode::missing_input);
    EXPECT_THAT(e.what(), HasSubstr("no file"));
  }
}

TEST(MpiTransport, sends_long_messages_in_chunks) {
  MpiTransport transport(MPI_COMM_WORLD, 10);
  const int right = (transport.rank() + 1) % transport.size();
  const int left = (transport.rank() + transport.size() - 1) % transport.size();
  for (const std::size_t count : {0UL, 9UL, 10UL, 11UL, 101UL}) {
    const auto sent = test::planted_data<std::uint8_t>(transport.rank(), count);
    std::vector<std::uint8_t> received(count);

    const auto receive =
        transport.post_receive(left, 3, std::as_writable_bytes(std::span(received)));
    const auto send = transport.post_send(right, 3, std::as_bytes(std::span(sent)));
    wait_for(transport, receive);
    wait_for(transport, send);

    EXPECT_EQ(received, test::planted_data<std::uint8_t>(left, count));
  }
}

TEST(MpiTransport, tells_the_length_of_a_message_that_had_room_for_more) {
  MpiTransport transport(MPI_COMM_WORLD);
  for (const std::size_t count : {0UL, 5UL, 8UL}) {
    const auto sent = test::planted_data<std::uint8_t>(transport.rank(), count);
    std::vector<std::uint8_t> received(8);
    std::size_t length = 99;

    const auto receive = transport.post_receive_up_to(
        transport.rank(), 3, std::as_writable_bytes(std::span(received)), length);
    const auto send = transport.post_send(transport.rank(), 3, std::as_bytes(std::span(sent)));
    wait_for(transport, receive);
    wait_for(transport, send);

    EXPECT_EQ(length, count);
    received.resize(length);
    EXPECT_EQ(received, sent);
  }
}

TEST(MpiTransport, refuses_a_message_that_it_has_no_room_for) {
  MpiTransport transport(MPI_COMM_WORLD);
  if (transport.size() == 1) GTEST_SKIP() << "Open MPI cuts off what a rank sends itself";
  const int right = (transport.rank() + 1) % transport.size();
  const int left = (transport.rank() + transport.size() - 1) % transport.size();
  const std::vector<std::byte> sent(9);
  std::vector<std::byte> received(8);
  std::size_t length = 0;
  const auto receive = transport.post_receive_up_to(left, 3, received, length);
  const auto send = transport.post_send(right, 3, sent);
  wait_for(transport, send);

  EXPECT_THROW(wait_for(transport, receive), CommError);
  transport.abandon();
}

TEST(MpiTransport, refuses_a_message_of_another_length) {
  MpiTransport transport(MPI_COMM_WORLD);
  const std::vector<std::byte> sent(4);
  std::vector<std::byte> received(8);
  const auto receive = transport.post_receive(transport.rank(), 3, received);
  const auto send = transport.post_send(transport.rank(), 3, sent);
  wait_for(transport, send);

  EXPECT_THROW(wait_for(transport, receive), CommError);
  transport.abandon();
  EXPECT_THROW(transport.post_send(transport.rank(), 3, sent), CommError);
}

}  // namespace
}  // namespace rondo::comm
