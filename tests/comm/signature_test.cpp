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

TEST(Signature, both_neighbours_of_the_odd_one_out_see_it) {
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

  const auto both =
      testing::AllOf(testing::HasSubstr("rank 2 calls barrier (#0)"),
                     testing::HasSubstr("calls allreduce f32 sum of 4 elements (#0)"));
  EXPECT_THAT(errors[1], both);
  EXPECT_THAT(errors[2], both);
  EXPECT_THAT(errors[3], both);
  // The others compared equal with their neighbours and find these gone.
  EXPECT_THAT(errors[0], testing::HasSubstr("has left"));
  EXPECT_THAT(errors[4], testing::HasSubstr("has left"));
}

TEST(Signature, describes_every_kind_of_call) {
  EXPECT_EQ(describe({.sequence = 17,
                      .kind = OperationKind::reduce_scatter,
                      .dtype = static_cast<std::uint8_t>(DType::bf16),
                      .detail = static_cast<std::uint16_t>(ReduceOp::max),
                      .count = 12}),
            "reduce_scatter bf16 max of 12 elements (#17)");
  EXPECT_EQ(describe({.kind = OperationKind::allgather, .count = 64}),
            "allgather of 64 bytes a rank (#0)");
  EXPECT_EQ(describe({.kind = OperationKind::allreduce_lanes, .detail = 8, .count = 64}),
            "allreduce_lanes of 8 lanes, 64 elements (#0)");
}

}  // namespace
}  // namespace rondo::comm
