// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Messages between GPUs that are late, lost or of another length. Results:
// device_communicator_test.
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"

#include "comm/cuda_aware/cuda_aware_communicator.hpp"
#include "support/child_process.hpp"
#include "support/comm_error.hpp"
#include "support/faulty_transport.hpp"
#include "support/gpu_arrays.hpp"
#include "support/lazy_gpu.hpp"
#include "support/rank_devices.hpp"

namespace rondo::comm {
namespace {

using test::comm_error;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::chrono::milliseconds limit_of_a_test{200};
constexpr std::chrono::milliseconds never = std::chrono::seconds(120);
constexpr std::size_t count = 1001;

/// A rank whose messages go wrong.
struct FaultyRank {
  FaultyRank(Communicator& host, test::Faults faults, std::chrono::milliseconds limit)
      : device(test::device_of_rank(host.rank())),
        comm(std::make_unique<CudaAwareCommunicator>(
            std::make_unique<test::FaultyTransport>(host.open_transport(), faults), host.place(),
            device, limit, "a test")) {}

  void allreduce() { allreduce_sum(*comm, stream, data.span()); }

  Device device;
  DeviceStream stream{device};
  DeviceMemory<float> data{device, count, "a test"};
  std::unique_ptr<DeviceCommunicator> comm;
};

void exchange_nothing(FaultyRank& rank) {
  const std::vector<DeviceSpan<const std::byte>> outgoing(2);
  const std::vector<DeviceSpan<std::byte>> incoming(2);
  rank.comm->exchange(rank.stream, outgoing, incoming);
}

TEST(CudaAware, sums_are_right_however_late_messages_are) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    run_ranks(3, [&](Communicator& host) {
      const auto own = static_cast<std::uint64_t>(host.rank());
      FaultyRank rank(host, {.seed = 10 * seed + own, .delay = 0.7}, never);
      const std::vector<float> values(count, static_cast<float>(host.rank() + 1));
      copy<float>(rank.stream, values, rank.data.span());
      for (int call = 0; call < 4; ++call)
        rank.allreduce();
      std::vector<float> found(count);
      copy<float>(rank.stream, rank.data.span(), std::span(found));
      rank.comm->wait(rank.stream);
      EXPECT_THAT(found, testing::Each(6 * 27));
      rank.comm->close();
    });
  }
}

TEST(CudaAware, sums_have_the_bits_of_the_hosts_direct_ones) {
  run_ranks(4, [](Communicator& host) {
    FaultyRank rank(host, {}, never);
    std::vector<float> values = test::gpu_floats(count, static_cast<unsigned>(host.rank()));
    copy<float>(rank.stream, values, rank.data.span());
    rank.allreduce();
    std::vector<float> found(count);
    copy<float>(rank.stream, rank.data.span(), std::span(found));
    rank.comm->wait(rank.stream);

    allreduce(host, std::span(values), ReduceOp::sum, {.algorithm = Algorithm::direct});
    EXPECT_TRUE(test::same_bits(found, values));
    rank.comm->close();
  });
}

TEST(CudaAware, a_message_that_never_comes_ends_at_the_deadline_and_every_later_call_says_so) {
  run_ranks(2, [](Communicator& host) {
    FaultyRank rank(host, {.cut = is_root(host) ? 0 : 1.0},
                    is_root(host) ? limit_of_a_test : 5 * limit_of_a_test);
    const std::string what = comm_error([&] { rank.allreduce(); });

    if (is_root(host)) {
      EXPECT_THAT(what, AllOf(HasSubstr("rank 0 of 2 on host "), HasSubstr("from rank 1"),
                              HasSubstr("allreduce of 4004 bytes of f32"),
                              HasSubstr("did not come in time")));
    }
    for (const auto& call : std::vector<std::function<void()>>{
             [&] { rank.allreduce(); }, [&] { rank.comm->wait(rank.stream); },
             [&] { exchange_nothing(rank); }, [&] { rank.comm->close(); }})
      EXPECT_THAT(comm_error(call), AllOf(HasSubstr("has failed before"), HasSubstr(what)));
  });
}

TEST(CudaAware, a_message_of_another_length_is_an_error_of_the_program) {
  run_ranks(2, [](Communicator& host) {
    FaultyRank rank(host, {.truncate = is_root(host) ? 0 : 1.0}, never);
    if (!is_root(host)) {
      EXPECT_NE(comm_error([&] { rank.allreduce(); }), "none");
      return;
    }
    EXPECT_THAT(comm_error([&] { rank.allreduce(); }, ExitCode::internal),
                AllOf(HasSubstr("allreduce of 4004 bytes"), HasSubstr("were expected")));
  });
}

TEST(CudaAware, what_was_closed_takes_no_calls) {
  run_ranks(2, [](Communicator& host) {
    FaultyRank rank(host, {}, never);
    rank.comm->close();
    EXPECT_THAT(comm_error([&] { rank.allreduce(); }), HasSubstr("was closed"));
  });
}

/// In a child process: no GPU of it is of use afterwards.
TEST(CudaAware, a_stuck_kernel_ends_a_call_at_the_deadline) {
  test::ChildProcess child([] {
    run_ranks(1, [](Communicator& host) {
      FaultyRank rank(host, {}, limit_of_a_test);
      test::queue_lazily(rank.stream.handle(), [] { return false; });
      EXPECT_THAT(comm_error([&] { rank.comm->wait(rank.stream); }),
                  AllOf(HasSubstr("a kernel is stuck"), HasSubstr("within 0.2 s")));
    });
    if (testing::Test::HasFailure()) ::_exit(1);
  });
  EXPECT_TRUE(child.succeeds());
}

}  // namespace
}  // namespace rondo::comm
