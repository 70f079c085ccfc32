// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// A GPU that never ends its work: on the emulated one, in child processes, since none is of use
// afterwards.
#include "rondo/base/device_limit.hpp"

#include <functional>
#include <string>
#include <vector>

#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/device_graph.hpp"
#include "rondo/base/device_memory.hpp"
#include "rondo/base/error.hpp"

#include "support/child_process.hpp"

namespace rondo {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

/// Of the error that says that the GPU hangs; fails the test if there is none.
std::string hang_text(const std::function<void()>& wait) {
  try {
    wait();
  } catch (const DeviceError& error) {
    EXPECT_EQ(error.code(), ExitCode::requeue);
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

/// Runs `work` in a process of its own, where the limit is short.
void expect_in_child(const std::function<void()>& work) {
  test::ChildProcess child([&] {
    set_device_time_limit(milliseconds(200));
    work();
    if (testing::Test::HasFailure()) ::_exit(1);
  });
  EXPECT_TRUE(child.succeeds());
}

TEST(DeviceLimit, is_two_minutes_unless_set) {
  EXPECT_EQ(device_time_limit(), std::chrono::minutes(2));
  EXPECT_FALSE(device_has_hung());

  expect_in_child([] { EXPECT_EQ(device_time_limit(), milliseconds(200)); });
}

TEST(DeviceLimit, ends_waits_with_gpu_stream_step_and_kernel) {
  expect_in_child([] {
    DeviceStream stream(Device(0), "batches");
    cuda_emulation::hang(stream.handle());
    stream.begin_step(7);
    stream.launched("optim::adamw");

    EXPECT_THAT(
        hang_text([&] { stream.wait(); }),
        AllOf(HasSubstr("GPU 0 (an emulated GPU at "), HasSubstr("stream batches,"),
              HasSubstr("in step 7 since the start, in the kernel optim::adamw within 0.2 s"),
              HasSubstr("--resume")));
    EXPECT_TRUE(device_has_hung());
  });
}

TEST(DeviceLimit, ends_the_wait_for_each_kernel) {
  expect_in_child([] {
    DeviceStream stream(Device(0), FaultCheck::every_launch);
    stream.launched("harmless");
    cuda_emulation::hang(stream.handle());

    EXPECT_THAT(hang_text([&] { stream.launched("endless"); }), HasSubstr("in the kernel endless"));
  });
}

TEST(DeviceLimit, ends_waits_for_what_another_stream_has_recorded) {
  expect_in_child([] {
    const Device device;
    DeviceStream hung(device, "hung");
    DeviceStream waiting(device, "waiting");
    DeviceEvent event(device);
    cuda_emulation::hang(hung.handle());
    hung.launched("endless");
    event.record(hung);
    waiting.wait_for(event);

    EXPECT_THAT(hang_text([&] { event.wait(); }),
                AllOf(HasSubstr("stream hung,"), HasSubstr("in the kernel endless")));
    EXPECT_THAT(hang_text([&] { waiting.wait(); }), HasSubstr("stream waiting,"));
  });
}

TEST(DeviceLimit, ends_the_clearing_of_new_memory) {
  expect_in_child([] {
    const Device device;
    cuda_emulation::hang(nullptr);

    EXPECT_THAT(hang_text([&] { DeviceMemory<float>(device, 4, "sums"); }),
                HasSubstr("clearing memory for sums"));
  });
}

/// What would wait for the GPU ends the child with a failure.
TEST(DeviceLimit, keeps_what_the_gpu_may_still_use_from_being_freed) {
  expect_in_child([] {
    const Device device;
    void* device_memory = nullptr;
    std::span<float> pinned;
    {
      DeviceStream stream(device);
      DeviceEvent event(device);
      DeviceMemory<float> memory(device, 100, "a test");
      PinnedMemory<float> host(100, "a test");
      DeviceGraph graph(stream, [] {});
      cuda_emulation::hang(stream.handle());
      copy<float>(stream, memory.span(), host.span());
      event.record(stream);
      device_memory = memory.span().data();
      pinned = host.span();
      hang_text([&] { stream.wait(); });
    }

    EXPECT_NE(device_memory, nullptr);
    EXPECT_EQ(pinned[99], 0.0F);
  });
}

TEST(DeviceLimit, is_not_waited_for_twice) {
  expect_in_child([] {
    DeviceStream stream{Device(0)};
    cuda_emulation::hang(stream.handle());
    hang_text([&] { stream.wait(); });
    set_device_time_limit(std::chrono::hours(1));

    hang_text([&] { stream.wait(); });
  });
}

/// Or the next look at a kernel's error would find it.
TEST(DeviceLimit, leaves_no_error_of_asking_behind) {
  DeviceStream stream{Device(0)};
  DeviceMemory<float> memory(Device(0), 4, "a test");
  clear(stream, memory.span());

  stream.wait();

  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

}  // namespace
}  // namespace rondo
