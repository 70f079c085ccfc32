// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// What becomes of NCCL's errors, and of what never ends.
#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/device_limit.hpp"
#include "rondo/base/error.hpp"
#include "rondo/comm/device_communicator.hpp"
#include "rondo/comm/inproc.hpp"

#include "comm/make_device_communicator.hpp"
#include "support/child_process.hpp"
#include "support/comm_error.hpp"
#include "support/fake_nccl.hpp"
#include "support/lazy_gpu.hpp"
#include "support/rank_devices.hpp"

namespace rondo::comm {
namespace {

using nccl::Result;
using test::comm_error;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::chrono::milliseconds soon{200};

/// A rank on the fake NCCL.
struct NcclRank {
  explicit NcclRank(Communicator& host, const nccl::Api& api = test::fake_nccl(),
                    std::chrono::milliseconds limit = std::chrono::seconds(120))
      : device(test::device_of_rank(host.rank())) {
    comm = make_device_communicator(host, device, {.path = DevicePath::nccl, .time_limit = limit},
                                    api);
    barrier(host);  // no rank fails while another one starts
  }
  void allreduce() { allreduce_sum(*comm, stream, data.span()); }
  void wait() { comm->wait(stream); }

  Device device;
  DeviceStream stream{device};
  DeviceMemory<float> data{device, 100, "a test"};
  std::unique_ptr<DeviceCommunicator> comm;
};

struct Failing {
  const char* call;
  std::function<void(NcclRank&)> use;
};

void exchange_with_all(NcclRank& rank) {
  const auto ranks = static_cast<std::size_t>(rank.comm->size());
  DeviceMemory<std::byte> in(rank.device, 64, "a test");
  DeviceMemory<std::byte> out(rank.device, 64, "a test");
  const std::vector<DeviceSpan<const std::byte>> sent(ranks, in.span().first(8));
  std::vector<DeviceSpan<std::byte>> received;
  for (std::size_t k = 0; k < ranks; ++k)
    received.push_back(out.span().subspan(8 * k, 8));
  rank.comm->exchange(rank.stream, sent, received);
}

void gather(NcclRank& rank) {
  DeviceMemory<float> all(rank.device, 200, "a test");
  allgather<float>(*rank.comm, rank.stream, rank.data.span(), all.span());
}

void scatter(NcclRank& rank) {
  DeviceMemory<float> part(rank.device, 50, "a test");
  reduce_scatter_sum<float>(*rank.comm, rank.stream, rank.data.span(), part.span());
}

std::vector<Failing> failing_calls() {
  return {{"ncclAllReduce", [](NcclRank& rank) { rank.allreduce(); }},
          {"ncclReduceScatter", scatter},
          {"ncclAllGather", gather},
          {"ncclBroadcast",
           [](NcclRank& rank) { broadcast(*rank.comm, rank.stream, rank.data.span(), 0); }},
          {"ncclSend", exchange_with_all},
          {"ncclRecv", exchange_with_all},
          {"ncclGroupStart", exchange_with_all},
          {"ncclGroupEnd", exchange_with_all},
          {"ncclCommGetAsyncError", [](NcclRank& rank) { rank.allreduce(); }},
          {"ncclCommGetAsyncError", [](NcclRank& rank) { rank.wait(); }},
          {"ncclCommFinalize", [](NcclRank& rank) { rank.comm->close(); }}};
}

TEST(NcclFaults, the_error_names_rank_host_call_and_nccls_own_words_and_aborts) {
  for (const Failing& failing : failing_calls()) {
    SCOPED_TRACE(failing.call);
    run_ranks(2, [&](Communicator& host) {
      NcclRank rank(host);
      test::nccl_script().results[failing.call] = Result::system_error;

      const std::string what = comm_error([&] { failing.use(rank); });

      EXPECT_THAT(what, HasSubstr(fmt::format("rank {} of 2 on host ", host.rank())));
      EXPECT_THAT(what, AllOf(HasSubstr(failing.call), HasSubstr("unhandled system error"),
                              HasSubstr("the fake's last words"), HasSubstr("NCCL_DEBUG")));
      EXPECT_TRUE(test::nccl_script().was_called("ncclCommAbort"));
    });
  }
}

TEST(NcclFaults, later_calls_name_the_first_failure) {
  run_ranks(2, [](Communicator& host) {
    NcclRank rank(host);
    test::nccl_script().results["ncclAllReduce"] = Result::unhandled_cuda_error;
    EXPECT_THROW(rank.allreduce(), CommError);
    test::nccl_script().results.clear();

    for (const auto& call : std::vector<std::function<void()>>{
             [&] { rank.allreduce(); }, [&] { rank.wait(); }, [&] { exchange_with_all(rank); },
             [&] { rank.comm->close(); }, [&] { rank.comm->allocate(10, "nothing"); }})
      EXPECT_THAT(comm_error(call), HasSubstr("unhandled cuda error"));
  });
}

TEST(NcclFaults, a_communicator_that_cannot_be_made_is_an_error_on_every_rank) {
  for (const char* call : {"ncclGetVersion", "ncclGetUniqueId"}) {
    SCOPED_TRACE(call);
    run_ranks(3, [&](Communicator& host) {
      if (is_root(host)) test::nccl_script().results[call] = Result::internal_error;
      EXPECT_THROW(NcclRank{host}, AgreedError);
    });
  }
  run_ranks(3, [](Communicator& host) {
    test::nccl_script().results["ncclCommInitRankConfig"] = Result::internal_error;
    EXPECT_THROW(NcclRank{host}, CommError);
  });
}

TEST(NcclFaults, a_start_that_a_rank_never_makes_ends_at_the_deadline) {
  run_ranks(2, [](Communicator& host) {
    if (!is_root(host))
      test::nccl_script().results["ncclCommInitRankConfig"] = Result::system_error;
    const std::string what = comm_error([&] { NcclRank(host, test::fake_nccl(), soon); });
    if (is_root(host)) {
      EXPECT_THAT(what, AllOf(HasSubstr("ncclCommInitRankConfig"), HasSubstr("within 0.2 s")));
      EXPECT_TRUE(test::nccl_script().was_called("ncclCommAbort"));
    }
  });
}

TEST(NcclFaults, a_call_that_stays_in_progress_ends_at_the_deadline) {
  run_ranks(2, [](Communicator& host) {
    NcclRank rank(host, test::fake_nccl(), soon);
    test::nccl_script().never_ends = true;

    const std::string what = comm_error([&] { rank.allreduce(); });

    EXPECT_THAT(what, AllOf(HasSubstr("ncclAllReduce (allreduce of 400 bytes of f32)"),
                            HasSubstr("within 0.2 s")));
    EXPECT_TRUE(test::nccl_script().was_called("ncclCommAbort"));
  });
}

TEST(NcclFaults, work_that_a_peer_never_joins_ends_at_the_deadline_and_names_step_and_operation) {
  run_ranks(2, [](Communicator& host) {
    NcclRank rank(host, test::fake_nccl(), soon);
    if (!is_root(host)) test::nccl_script().sends_nothing = true;
    rank.stream.begin_step(12);
    rank.allreduce();

    const std::string what = comm_error([&] { rank.wait(); });

    // Whichever rank is first ends the other.
    EXPECT_THAT(what,
                testing::AnyOf(AllOf(HasSubstr("step 12"), HasSubstr("allreduce of 400 bytes"),
                                     HasSubstr("within 0.2 s")),
                               HasSubstr("remote process exited")));
    EXPECT_TRUE(test::nccl_script().was_called("ncclCommAbort"));
    EXPECT_FALSE(device_has_hung());
  });
}

/// In a child process: no GPU of it is of use afterwards.
TEST(NcclFaults, work_that_goes_on_when_nccl_has_given_up_is_that_of_a_hung_gpu) {
  test::ChildProcess child([] {
    run_ranks(1, [](Communicator& host) {
      NcclRank rank(host, test::fake_nccl(), soon);
      rank.allreduce();
      test::queue_lazily(rank.stream.handle(), [] { return false; });

      EXPECT_THAT(comm_error([&] { rank.wait(); }), HasSubstr("the GPU hangs"));
      EXPECT_TRUE(device_has_hung());
      EXPECT_TRUE(test::nccl_script().was_called("ncclCommAbort"));
    });
    if (testing::Test::HasFailure()) ::_exit(1);
  });
  EXPECT_TRUE(child.succeeds());
}

TEST(NcclFaults, an_asynchronous_error_of_one_rank_is_an_error_of_all) {
  std::atomic<int> errors{0};
  run_ranks(3, [&](Communicator& host) {
    NcclRank rank(host);
    test::nccl_script().sends_nothing = true;
    rank.allreduce();
    barrier(host);
    if (host.rank() == 1) test::nccl_script().asynchronous = Result::unhandled_cuda_error;

    const std::string what = comm_error([&] { rank.wait(); });

    EXPECT_THAT(what, HasSubstr(host.rank() == 1 ? "unhandled cuda error" : "remote process"));
    errors += what == "none" ? 0 : 1;
  });
  EXPECT_EQ(errors, 3);
}

TEST(NcclFaults, an_exception_inside_a_group_aborts) {
  run_ranks(2, [](Communicator& host) {
    NcclRank rank(host);
    EXPECT_THROW(rank.comm->grouped([&] {
      rank.allreduce();
      throw std::logic_error("the caller's");
    }),
                 std::logic_error);
    EXPECT_TRUE(test::nccl_script().was_called("ncclCommAbort"));
    EXPECT_THROW(rank.allreduce(), CommError);
  });
}

TEST(NcclSession, closes_in_order_and_aborts_only_without_close) {
  run_ranks(2, [](Communicator& host) {
    {
      NcclRank rank(host);
      rank.comm->close();
      EXPECT_THROW(rank.allreduce(), CommError);
    }
    EXPECT_TRUE(test::nccl_script().was_called("ncclCommFinalize"));
    EXPECT_TRUE(test::nccl_script().was_called("ncclCommDestroy"));
    EXPECT_FALSE(test::nccl_script().was_called("ncclCommAbort"));
    { NcclRank rank(host); }
    EXPECT_TRUE(test::nccl_script().was_called("ncclCommAbort"));
  });
}

TEST(NcclArena, outlives_the_communicator) {
  run_ranks(1, [](Communicator& host) {
    std::unique_ptr<DeviceArena> arena;
    {
      NcclRank rank(host);
      arena = rank.comm->allocate(100, "an arena");
      rank.comm->close();
    }
    EXPECT_EQ(test::nccl_memories(), 1);
    arena.reset();
    EXPECT_EQ(test::nccl_memories(), 0);
  });
}

TEST(NcclArena, is_registered_where_nccl_can_and_plain_where_not) {
  const int registrations = test::nccl_registrations();
  run_ranks(1, [&](Communicator& host) {
    NcclRank rank(host);
    {
      const auto arena = rank.comm->allocate(100, "an arena");
      EXPECT_EQ(test::nccl_memories(), 1);
      EXPECT_EQ(test::nccl_registrations(), registrations + 1);
    }
    EXPECT_EQ(test::nccl_memories(), 0);
    EXPECT_EQ(test::nccl_registrations(), registrations);

    test::nccl_script().results["ncclCommRegister"] = Result::invalid_usage;
    EXPECT_EQ(rank.comm->allocate(100, "an arena")->bytes().size(), 100U);
    test::nccl_script().results["ncclMemAlloc"] = Result::unhandled_cuda_error;
    EXPECT_EQ(rank.comm->allocate(100, "an arena")->bytes().size(), 100U);
    EXPECT_EQ(test::nccl_memories(), 0);
  });
  const nccl::Api old = test::fake_nccl_without_memory();
  run_ranks(1, [&](Communicator& host) {
    NcclRank rank(host, old);
    EXPECT_EQ(rank.comm->allocate(100, "an arena")->bytes().size(), 100U);
    EXPECT_EQ(test::nccl_memories(), 0);
  });
}

}  // namespace
}  // namespace rondo::comm
