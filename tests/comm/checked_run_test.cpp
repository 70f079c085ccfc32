// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/checked_run.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ranges>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"
#include "rondo/comm/tuning.hpp"

#include "support/fewer_cases.hpp"
#include "support/run_task.hpp"

namespace rondo::comm {
namespace {

using testing::HasSubstr;

constexpr std::size_t copy_limit = TransportTuning().copy_limit_bytes;
constexpr std::size_t small = 16;
constexpr std::size_t large = copy_limit / sizeof(float) + 5;

/// One difference between the calls of rank 1 and of all others.
struct Difference {
  std::string what;
  std::function<Call(std::span<float>)> call, odd_call;
};

Call sum_of(std::span<float> data) {
  return {.collective = Collective::allreduce,
          .dtype = DType::f32,
          .input = std::as_bytes(data),
          .output = std::as_writable_bytes(data)};
}

Call barrier_call(std::span<float>) {
  return {};
}

std::vector<Difference> differences() {
  const auto with = [](auto change) {
    return [=](std::span<float> data) {
      Call call = sum_of(data);
      change(call);
      return call;
    };
  };
  const auto shorter = [](std::span<float> data) { return sum_of(data.first(data.size() - 1)); };
  const auto tiny = [](std::span<float> data) { return sum_of(data.first(2)); };
  return {{"count", sum_of, shorter},
          {"side of the limit", sum_of, tiny},
          {"dtype", sum_of, with([](Call& call) { call.dtype = DType::i32; })},
          {"op", sum_of, with([](Call& call) { call.op = ReduceOp::max; })},
          {"name", sum_of, with([](Call& call) { call.options.name = "other"; })},
          {"algorithm", sum_of, with([](Call& call) { call.options.algorithm = Algorithm::ring; })},
          {"collective", sum_of, with([](Call& call) { call.collective = Collective::broadcast; })},
          {"order", barrier_call, sum_of},
          {"reverse order", sum_of, barrier_call}};
}

/// Every rank fails, is told of rank 1's call and another one, and keeps its data.
void expect_disagreement(Communicator& comm, const Difference& difference, std::size_t count) {
  std::vector<float> data(count, 1.5F);
  const std::string what =
      difference.what + " of " + std::to_string(count) + " on rank " + std::to_string(comm.rank());
  try {
    comm.run((comm.rank() == 1 ? difference.odd_call : difference.call)(data));
    ADD_FAILURE() << what << ": no error";
  } catch (const CommError& e) {
    EXPECT_EQ(e.code(), ExitCode::internal) << what << ": " << e.what();
    EXPECT_THAT(e.what(), HasSubstr("rank 1 calls ")) << what;
    EXPECT_THAT(e.what(), HasSubstr("all ranks must make the same calls")) << what;
  }
  EXPECT_EQ(data, std::vector<float>(count, 1.5F)) << what << ": data was changed";
}

TEST(CheckedRun, ranks_that_disagree_are_all_told_and_all_keep_their_data) {
  const CommunicatorOptions options{.time_limit = std::chrono::seconds(60)};
  const std::vector<Difference> all = differences();
  for (const auto& [ranks, count, difference, ranks_per_node] :
       test::combinations(test::Keep::pairs, std::array{2, 3, 5}, std::array{small, large},
                          std::views::iota(std::size_t{0}, all.size()), std::array{1, 2, 5})) {
    const auto body = [&, count = count, difference = difference](Communicator& comm) {
      expect_disagreement(comm, all[difference], count);
    };
    run_ranks(ranks, body, options, ranks_per_node);
  }
}

TEST(CheckedRun, ranks_that_disagree_later_keep_the_results_of_earlier_calls) {
  run_ranks(3, [&](Communicator& comm) {
    std::vector<float> sum(small, 1.0F);
    comm.run(sum_of(sum));
    expect_disagreement(comm, differences().front(), small);
    EXPECT_EQ(sum, std::vector<float>(small, 3.0F));
  });
}

/// Writes to its output, then waits for a message of another length than was sent.
Task fail_midway(Channel& channel, const Call& call) {
  std::ranges::fill(call.output, std::byte{9});
  std::vector<std::byte> outgoing(3);
  std::vector<std::byte> incoming(4);
  const auto arrival = channel.receive(channel.left(), incoming);
  const auto departure = channel.send(channel.right(), outgoing);
  co_await channel.done(departure);
  co_await channel.done(arrival);
}

std::string error_of_run(Transport& transport, Signature signature, const Call& call) {
  const TransportTuning tuning;
  try {
    test::run_task(transport, [&](Channel& channel) {
      return checked_run(channel, signature, call, tuning, fail_midway);
    });
  } catch (const CommError& e) {
    return e.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(CheckedRun, an_error_of_the_algorithm_alone_is_told_and_leaves_the_data) {
  run_ranks(3, [](Transport& transport) {
    std::vector<float> data(small, 1.5F);
    const Call call = sum_of(data);

    const std::string error = error_of_run(transport, signature_of(call, 0), call);

    EXPECT_THAT(error, HasSubstr("sent 3 bytes where 4 were expected"));
    EXPECT_EQ(data, std::vector<float>(small, 1.5F));
  });
}

TEST(CheckedRun, a_disagreement_wins_over_the_error_that_it_causes) {
  run_ranks(3, [](Transport& transport) {
    std::vector<float> data(small, 1.5F);
    const Call call = sum_of(data);
    const auto sequence = static_cast<std::uint32_t>(transport.rank() == 2 ? 1 : 0);

    const std::string error = error_of_run(transport, signature_of(call, sequence), call);

    EXPECT_THAT(error, HasSubstr("rank 2 calls allreduce f32 sum of 16 elements (#1)"));
    EXPECT_EQ(data, std::vector<float>(small, 1.5F));
  });
}

}  // namespace
}  // namespace rondo::comm
