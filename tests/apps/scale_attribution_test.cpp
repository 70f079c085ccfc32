// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "apps/scale_pieces.hpp"
#include "scale/attribution.hpp"

namespace rondo::test {
namespace {

using scale::attribute;
using scale::find_last_rank;
using scale::Part;
using scale::Parts;
using scale::Piece;
using scale::StepTimes;

/// All parts are 0 but computing, 1 s, and those of `expected`.
void expect_parts(const Parts& parts, Parts expected) {
  expected[Part::computing] += 1;
  for (std::size_t i = 0; i < scale::part_count; ++i)
    EXPECT_NEAR(parts.seconds[i], expected.seconds[i], 1e-9)
        << scale::title_of(static_cast<Part>(i));
}

Parts only(Part part, double seconds) {
  Parts parts;
  parts[part] = seconds;
  return parts;
}

TEST(Attribution, finds_nothing_where_nothing_is_lost) {
  expect_parts(attribute(even_piece(4, 5, 1)), {});
}

TEST(Attribution, calls_what_the_last_rank_waits_for_communication) {
  Piece piece = even_piece(4, 5, 1);
  delay_all(piece, &StepTimes::finish, 0.25);

  expect_parts(attribute(piece), only(Part::communication, 0.25));
}

TEST(Attribution, calls_the_wait_for_a_rank_that_computes_longer_skew) {
  for (const std::size_t late : {0, 3}) {
    Piece piece = even_piece(4, 20, 1);
    delay(piece, late, &StepTimes::pass, 0.5);

    expect_parts(attribute(piece), only(Part::arrival_skew, 0.5));
    const scale::LastRank last = find_last_rank({&piece, 1});
    EXPECT_EQ(last.rank, static_cast<int>(late));
    EXPECT_TRUE(last.is_chronic);
    EXPECT_EQ(last.share, 1);
    EXPECT_NEAR(last.seconds, 0.5, 1e-9);
    EXPECT_EQ(last.cause, Part::arrival_skew);
  }
}

TEST(Attribution, calls_the_wait_for_a_slow_reader_data_wait) {
  Piece piece = even_piece(3, 20, 1);
  delay(piece, 1, &StepTimes::data, 0.5);

  expect_parts(attribute(piece), only(Part::data_wait, 0.5));
  EXPECT_EQ(find_last_rank({&piece, 1}).rank, 1);
  EXPECT_EQ(find_last_rank({&piece, 1}).cause, Part::data_wait);
}

TEST(Attribution, tells_two_causes_of_one_rank_apart) {
  Piece piece = even_piece(2, 20, 1);
  delay(piece, 1, &StepTimes::data, 0.5);
  delay(piece, 1, &StepTimes::checkpoint, 0.25);

  Parts expected = only(Part::data_wait, 0.5);
  expected[Part::checkpoint] = 0.25;
  expect_parts(attribute(piece), expected);
}

TEST(Attribution, calls_what_all_ranks_read_longer_data_wait) {
  Piece piece = even_piece(3, 5, 1);
  delay_all(piece, &StepTimes::data, 0.1);

  expect_parts(attribute(piece), only(Part::data_wait, 0.1));
  EXPECT_FALSE(find_last_rank({&piece, 1}).is_chronic);
}

TEST(Attribution, calls_what_neighbours_take_of_the_memory_slowdown) {
  Piece piece = even_piece(2, 5, 1.25);
  piece.alone.front().assign(5, {.pass = 1});

  expect_parts(attribute(piece), only(Part::kernel_slowdown, 0.25));
}

TEST(Attribution, calls_what_the_reduction_takes_of_the_pass_launch_overhead) {
  Piece piece = even_piece(2, 5, 1);
  delay_all(piece, &StepTimes::pass, 0.125);

  expect_parts(attribute(piece), only(Part::launch_overhead, 0.125));
}

TEST(Attribution, owns_up_to_what_no_timer_explains) {
  Piece piece = even_piece(2, 5, 1);
  piece.seconds += 0.5;
  piece.usual_seconds += 0.5;

  expect_parts(attribute(piece), only(Part::other, 0.5));
}

TEST(Attribution, calls_a_late_start_skew) {
  Piece piece = even_piece(2, 5, 1);
  piece.seconds += 0.5;  // of the rank that came first and waited

  expect_parts(attribute(piece), only(Part::arrival_skew, 0.5));
}

TEST(Attribution, does_not_call_ranks_that_take_turns_chronic) {
  Piece piece = even_piece(2, 20, 1);
  for (std::size_t s = 0; s < 20; ++s) {
    piece.whole[s % 2][s].pass += 0.5;
    piece.whole[1 - s % 2][s].finish += 0.5;
  }
  piece.seconds += 0.5;
  piece.usual_seconds += 0.5;

  EXPECT_FALSE(find_last_rank({&piece, 1}).is_chronic);
  EXPECT_NEAR(attribute(piece)[Part::arrival_skew] + attribute(piece)[Part::launch_overhead], 0.5,
              1e-9);
}

TEST(Attribution, has_lost_shares_whose_sum_is_the_lost_efficiency) {
  Piece piece = even_piece(4, 5, 1);
  delay_all(piece, &StepTimes::finish, 0.25);
  const Parts reference = attribute(even_piece(1, 5, 1));

  const Parts lost = lost_shares(attribute(piece), reference);

  EXPECT_NEAR(lost.sum(), 1 - 1 / 1.25, 1e-9);
  EXPECT_NEAR(lost[Part::communication], 0.2, 1e-9);
}

}  // namespace
}  // namespace rondo::test
