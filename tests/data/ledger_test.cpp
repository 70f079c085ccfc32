// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/io_errors.hpp"

namespace rondo::data {
namespace {

/// What `steps` steps of 8 samples use of 3 lanes with 20 samples each.
void use_steps(Ledger& ledger, std::size_t epoch, std::size_t first_step, std::size_t last_step) {
  for (std::size_t step = first_step; step < last_step; ++step)
    for (std::size_t lane = 0; lane < 3; ++lane)
      ledger.add(epoch, lane, {step * 8, std::min<std::size_t>(step * 8 + 8, 20)});
}

TEST(Ledger, joins_steps_lanes_and_epochs) {
  Ledger ledger;
  for (std::size_t epoch = 0; epoch < 1000; ++epoch)
    use_steps(ledger, epoch, 0, 3);
  use_steps(ledger, 1000, 0, 2);

  EXPECT_EQ(ledger.text(), "0-999 0-2 0-19; 1000 0-2 0-15");
}

TEST(Ledger, keeps_lanes_apart_that_have_used_less) {
  Ledger ledger;
  use_steps(ledger, 0, 0, 1);
  ledger.add(0, 0, {8, 16});
  ledger.add(0, 1, {8, 16});

  EXPECT_EQ(ledger.text(), "0 0-1 0-15; 0 2 0-7");
}

TEST(Ledger, tells_what_is_used_twice_or_left_out) {
  Ledger ledger;
  ledger.add(4, 5, {0, 8});
  ledger.add(4, 5, {0, 8});
  ledger.add(4, 5, {16, 17});
  ledger.add(4, 5, {30, 30});
  ledger.add(6, 2, {0, 1});

  EXPECT_EQ(ledger.text(), "4 5 0-7,0-7,16; 6 2 0");
}

TEST(Ledger, a_middle_lane_leaves_its_neighbours_and_comes_back) {
  Ledger ledger;
  use_steps(ledger, 0, 0, 1);
  ledger.add(0, 1, {8, 16});
  EXPECT_EQ(ledger.text(), "0 0 0-7; 0 1 0-15; 0 2 0-7");

  ledger.add(0, 2, {8, 16});
  ledger.add(0, 0, {8, 16});
  EXPECT_EQ(ledger.text(), "0 0-2 0-15");
}

TEST(Ledger, goes_on_where_another_one_ended) {
  Ledger whole;
  use_steps(whole, 0, 0, 2);
  Ledger later;
  use_steps(later, 0, 2, 3);
  use_steps(later, 1, 0, 1);

  whole.add(later);

  EXPECT_EQ(whole.text(), "0 0-2 0-19; 1 0-2 0-7");
}

TEST(Ledger, reads_back_what_it_wrote) {
  for (const char* text : {"", "0 0 0", "0-2 0-7 0-74; 3 0-3 0-31,0-31,64; 3 4-7 0-31"}) {
    Ledger ledger = Ledger::parse(text);
    EXPECT_EQ(ledger.text(), text);
  }
}

TEST(Ledger, refuses_other_texts) {
  for (const char* text :
       {"x", "0", "0 0", "0 0 ", "0 0 1-", "0 0 5-4", "0 0 0,", "0 0 0,,1", "-1 0 0", "0  0 0",
        "0 0 18446744073709551615", "0 0 99999999999999999999", "0-1048576 0 0", "0 3 0; 0 2 0",
        "0 0 0 0"}) {
    SCOPED_TRACE(text);
    test::io_error_of(ExitCode::bad_content, [&] { Ledger::parse(text); });
  }
}

}  // namespace
}  // namespace rondo::data
