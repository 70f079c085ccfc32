// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mpi.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/error.hpp"

#include "measure/link.hpp"

namespace rondo::bench {
namespace {

constexpr std::array ring{0, 1};

struct Buffers {
  AlignedBuffer<std::byte> out{LinkPass::bytes};
  AlignedBuffer<std::byte> in{LinkPass::bytes};
};

int own_rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

LinkPass pass_within(std::chrono::milliseconds limit, Senders senders = Senders::all) {
  return {.ring = ring,
          .node = static_cast<std::size_t>(own_rank()),
          .senders = senders,
          .time_limit = limit};
}

TEST(LinkPass, brings_what_the_rank_before_sends) {
  Buffers buffers;
  std::ranges::fill(buffers.out.span(), std::byte(own_rank() + 1));

  const double seconds =
      pass_within(std::chrono::minutes(5)).run(buffers.out.span(), buffers.in.span());

  EXPECT_GT(seconds, 0);
  EXPECT_TRUE(std::ranges::all_of(buffers.in.span(),
                                  [](std::byte b) { return b == std::byte(2 - own_rank()); }));
}

TEST(LinkPass, takes_no_time_where_nothing_is_to_come) {
  Buffers buffers;

  const double seconds = pass_within(std::chrono::minutes(5), Senders::every_second)
                             .run(buffers.out.span(), buffers.in.span());

  EXPECT_EQ(seconds > 0, own_rank() == 1);
}

/// Rank 1 comes once rank 0 has given it up; what is then under way still comes to its end.
TEST(LinkPass, ends_at_its_limit_naming_the_rank_that_does_not_come) {
  static Buffers abandoned;
  std::string what;
  if (own_rank() == 0) {
    try {
      pass_within(std::chrono::milliseconds(200)).run(abandoned.out.span(), abandoned.in.span());
    } catch (const CommError& error) {
      what = error.what();
      EXPECT_EQ(error.code(), ExitCode::requeue);
    }
    EXPECT_THAT(what, testing::AllOf(testing::HasSubstr("rank 0: "),
                                     testing::HasSubstr("64 MiB from rank 1"),
                                     testing::HasSubstr("within 0.2 s")));
  }

  MPI_Barrier(MPI_COMM_WORLD);
  if (own_rank() == 1)
    pass_within(std::chrono::minutes(5)).run(abandoned.out.span(), abandoned.in.span());
}

}  // namespace
}  // namespace rondo::bench
