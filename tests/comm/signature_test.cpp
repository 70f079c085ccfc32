// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/signature.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/comm/inproc.hpp"

#include "support/mismatch_checks.hpp"

namespace rondo::comm {
namespace {

TEST(Signature, ranks_that_disagree_see_both_calls_and_keep_their_data) {
  for (const auto& mismatch : test::mismatches())
    run_ranks(2, [&](Communicator& comm) { test::check_mismatch(comm, mismatch); });
}

TEST(Signature, every_rank_is_told_of_the_odd_one_out) {
  std::vector<std::string> errors(5);
  run_ranks(5,
            [&](Communicator& comm) {
              std::vector<float> data(4);
              try {
                if (comm.rank() == 2)
                  barrier(comm);
                else
                  allreduce(comm, std::span<float>(data), ReduceOp::sum);
              } catch (const CommError& e) {
                errors[static_cast<std::size_t>(comm.rank())] = e.what();
              }
            },
            {.time_limit = std::chrono::seconds(5)});

  for (const std::string& error : errors)
    EXPECT_THAT(error,
                testing::AllOf(testing::HasSubstr("rank 2 calls barrier (#0)"),
                               testing::HasSubstr("calls allreduce f32 sum of 4 elements (#0)")));
}

TEST(Signature, calls_that_differ_in_their_name_alone_are_told_apart) {
  run_ranks(2, [&](Communicator& comm) {
    std::vector<float> data(4);
    const std::string_view name = comm.rank() == 0 ? "first bucket" : "second bucket";
    try {
      allreduce(comm, std::span<float>(data), ReduceOp::sum, {.name = name});
      ADD_FAILURE() << "no error";
    } catch (const CommError& e) {
      EXPECT_THAT(e.what(), testing::AllOf(testing::HasSubstr("'first bucket' (#0)"),
                                           testing::HasSubstr("'second bucket' (#0)")));
    }
  });
}

TEST(Signature, describes_every_kind_of_call) {
  EXPECT_EQ(describe({.sequence = 17,
                      .detail = static_cast<std::uint32_t>(ReduceOp::max),
                      .count = 12,
                      .kind = Collective::reduce_scatter,
                      .dtype = DType::bf16,
                      .algorithm = Algorithm::ring,
                      .wire = Wire::bf16}),
            "reduce_scatter bf16 max of 12 elements by ring as bf16 on the wire (#17)");
  EXPECT_EQ(describe({.count = 64, .kind = Collective::allgather}),
            "allgather of 64 bytes a rank (#0)");
  EXPECT_EQ(describe({.detail = 8, .count = 64, .kind = Collective::allreduce_lanes}),
            "allreduce_lanes of 8 lanes, 64 elements (#0)");
}

}  // namespace
}  // namespace rondo::comm
