// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/launch_trail.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rondo {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(LaunchTrail, names_step_and_kernel) {
  LaunchTrail trail;
  EXPECT_EQ(trail.text(), "outside of steps, in no kernel of this stream");

  trail.begin_step(12);
  trail.launched("optim::adamw");
  EXPECT_EQ(trail.text(), "in step 12 since the start, in the kernel optim::adamw");
}

TEST(LaunchTrail, names_those_since_the_last_wait_newest_first) {
  LaunchTrail trail;
  trail.begin_step(3);
  trail.launched("a");
  trail.finished();
  trail.launched("b");
  trail.launched("c");

  EXPECT_EQ(
      trail.text(),
      "in step 3 since the start, in one of the 2 kernels started since the last wait, newest "
      "first: c, b");
}

TEST(LaunchTrail, names_those_of_another_stream_that_is_waited_for) {
  LaunchTrail other;
  other.launched("nn::convolve");
  LaunchTrail trail;
  trail.follows(other);
  EXPECT_EQ(trail.text(), "outside of steps, behind another stream, in the kernel nn::convolve");

  trail.follows({});
  EXPECT_THAT(trail.text(), HasSubstr("nn::convolve")) << "nothing to wait for";
  LaunchTrail behind_both;
  behind_both.follows(trail);
  EXPECT_EQ(behind_both.text(), trail.text());

  trail.launched("comm::add");
  EXPECT_EQ(trail.text(),
            "outside of steps, in the kernel comm::add; or behind another stream, in the kernel "
            "nn::convolve");
  trail.finished();
  EXPECT_THAT(trail.text(), HasSubstr("in no kernel"));
}

TEST(LaunchTrail, names_no_more_than_fit) {
  LaunchTrail trail;
  trail.launched("first");
  for (std::size_t i = 0; i < LaunchTrail::length; ++i)
    trail.launched("later");

  EXPECT_THAT(trail.text(), HasSubstr("one of the 9 kernels"));
  EXPECT_THAT(trail.text(), HasSubstr("later, ..."));
  EXPECT_THAT(trail.text(), Not(HasSubstr(", first")));
}

}  // namespace
}  // namespace rondo
