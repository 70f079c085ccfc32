// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/device_graph.hpp"
#include "rondo/base/device_memory.hpp"
#include "rondo/base/error.hpp"

#include "support/gpu_arrays.hpp"

namespace rondo {
namespace {

using test::OnGpu;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

class Graphs : public testing::Test {
 protected:
  Device device_;
  DeviceStream stream_{device_, FaultCheck::when_waiting};
  OnGpu<float> from_{device_, stream_, {1, 2, 3}};
  OnGpu<float> to_{device_, stream_, {0, 0, 0}};

  void copy_all() { copy<float>(stream_, DeviceSpan<const float>(from_.span()), to_.span()); }
};

TEST_F(Graphs, run_nothing_before_the_launch_and_read_what_is_there_then) {
  DeviceGraph graph(stream_, [this] { copy_all(); });
  EXPECT_THAT(to_.read(), Each(0));

  graph.launch(stream_);
  EXPECT_THAT(to_.read(), testing::ElementsAre(1, 2, 3));

  clear(stream_, from_.span());
  graph.launch(stream_);
  EXPECT_THAT(to_.read(), Each(0));
}

TEST_F(Graphs, name_their_kernels_when_they_are_launched) {
  DeviceGraph graph(stream_, [this] {
    stream_.launched("a captured kernel");
    copy_all();
  });
  EXPECT_THAT(stream_.trail().text(), Not(HasSubstr("a captured kernel")));

  graph.launch(stream_);

  EXPECT_THAT(stream_.trail().text(), HasSubstr("a captured kernel"));
}

TEST_F(Graphs, leave_the_stream_usable_when_a_capture_fails) {
  const auto takes_memory = [this] { DeviceMemory<float> memory(device_, 4, "a test"); };
  EXPECT_THROW(DeviceGraph(stream_, takes_memory), DeviceError);
  EXPECT_THROW(DeviceGraph(stream_, [this] { stream_.wait(); }), DeviceError);
  EXPECT_THROW(DeviceGraph(stream_, [] { throw UsageError("of the work"); }), UsageError);

  copy_all();
  stream_.launched("a kernel");

  EXPECT_THAT(stream_.trail().text(), HasSubstr("a kernel"));
  EXPECT_THAT(to_.read(), testing::ElementsAre(1, 2, 3));
}

TEST_F(Graphs, cannot_be_of_a_stream_that_waits_for_each_kernel) {
  DeviceStream waiting(device_, FaultCheck::every_launch);
  EXPECT_THROW(DeviceGraph(waiting, [] {}), UsageError);
}

}  // namespace
}  // namespace rondo
