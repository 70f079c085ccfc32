// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/device_memory.hpp"

namespace rondo {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAreArray;
using testing::HasSubstr;

TEST(Device, knows_itself) {
  const Device device(0);

  EXPECT_FALSE(device.name().empty());
  EXPECT_GE(device.compute_capability(), 80);
  EXPECT_GT(device.multiprocessors(), 0);
  EXPECT_GT(device.free_bytes(), 0U);
  EXPECT_LE(device.free_bytes(), device.total_bytes());
}

TEST(DeviceMemory, starts_at_zero_and_keeps_what_is_copied) {
  const Device device;
  DeviceStream stream(device);
  DeviceMemory<float> memory(device, 1001, "a test");
  std::vector<float> host(1001, 1.0F);
  copy<float>(stream, memory.span(), host);
  stream.wait();
  EXPECT_THAT(host, Each(0.0F));

  PinnedMemory<float> pinned(1000, "a test");
  std::iota(pinned.span().begin(), pinned.span().end(), 1.0F);
  copy<float>(stream, pinned.span(), memory.span().subspan(1, 1000));
  copy<float>(stream, memory.span(), host);
  stream.wait();

  EXPECT_EQ(host[0], 0.0F);
  EXPECT_THAT(std::span(host).subspan(1), ElementsAreArray(pinned.span()));
}

TEST(DeviceMemory, may_be_empty) {
  const Device device;
  DeviceStream stream(device);
  DeviceMemory<float> memory(device, 0, "a test");
  clear(stream, memory.span());
  copy<float>(stream, memory.span(), std::span<float>());

  EXPECT_NO_THROW(stream.wait());
}

TEST(DeviceMemory, says_how_much_is_missing) {
  const Device device;
  try {
    const DeviceMemory<float> memory(device, device.total_bytes(), "the whole world");
    FAIL() << "four times the GPU's memory was there";
  } catch (const DeviceError& error) {
    EXPECT_EQ(error.code(), ExitCode::internal);
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("the whole world"), HasSubstr("asked"), HasSubstr("free of")));
  }
  EXPECT_NO_THROW(DeviceMemory<float>(device, 1000, "a test"));
}

TEST(DeviceEvent, orders_two_streams) {
  const Device device;
  DeviceStream first(device);
  DeviceStream second(device);
  DeviceMemory<float> memory(device, 1 << 22, "a test");
  const std::vector<float> ones(memory.size(), 1.0F);
  std::vector<float> read(memory.size());
  DeviceEvent written(device);
  EXPECT_TRUE(written.done());

  copy<float>(first, ones, memory.span());
  written.record(first);
  second.wait_for(written);
  copy<float>(second, memory.span(), read);
  second.wait();

  EXPECT_THAT(read, Each(1.0F));
  EXPECT_TRUE(first.done());
}

TEST(DeviceEvent, measures_time_on_the_gpu) {
  const Device device;
  DeviceStream stream(device);
  DeviceMemory<float> memory(device, 1 << 24, "a test");
  DeviceEvent begin(device, EventTime::noted);
  DeviceEvent end(device, EventTime::noted);
  begin.record(stream);
  clear(stream, memory.span());
  end.record(stream);
  end.wait();

  EXPECT_GT(end.seconds_since(begin), 0.0F);
}

TEST(DeviceEvent, measures_no_time_unless_asked_to) {
  const Device device;
  DeviceStream stream(device);
  DeviceEvent begin(device);
  DeviceEvent end(device, EventTime::noted);
  begin.record(stream);
  end.record(stream);
  end.wait();

  EXPECT_TRUE(begin.done());
  EXPECT_THROW(end.seconds_since(begin), DeviceError);
}

}  // namespace
}  // namespace rondo
