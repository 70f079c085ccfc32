// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

#include "rondo/base/device_limit.hpp"
#include "rondo/base/device_stream.hpp"

#include "base/cuda/check.hpp"
#include "base/cuda/wait.hpp"

namespace rondo {
namespace {

FaultCheck chosen(FaultCheck check) {
  const char* const wish = std::getenv("RONDO_DEVICE_FAULTS");  // NOLINT(concurrency-mt-unsafe)
  return wish != nullptr && std::string_view(wish) == "every_launch" ? FaultCheck::every_launch
                                                                     : check;
}

cuda::Query query_of(cudaStream_t stream) {
  return {"cudaStreamQuery", [stream] { return cudaStreamQuery(stream); }};
}

cuda::Query query_of(cudaEvent_t event) {
  return {"cudaEventQuery", [event] { return cudaEventQuery(event); }};
}

}  // namespace

void DeviceStreamTraits::close(handle_type stream) noexcept {
  if (!device_has_hung()) cudaStreamDestroy(stream);
}

void DeviceEventTraits::close(handle_type event) noexcept {
  if (!device_has_hung()) cudaEventDestroy(event);
}

DeviceStream::DeviceStream(const Device& device, FaultCheck check, const std::string& name)
    : subject_(
          std::make_shared<const std::string>(fmt::format("{}, stream {},", device.text(), name))),
      check_(chosen(check)),
      device_(device.index()),
      multiprocessors_(device.multiprocessors()) {
  device.make_current();
  cudaStream_t stream = nullptr;
  cuda::check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking),
              "cudaStreamCreateWithFlags");
  stream_.reset(stream);
}

void DeviceStream::wait() {
  cuda::wait(query_of(handle()), *subject_, trail_);
  trail_.finished();
}

bool DeviceStream::done() {
  if (!cuda::has_run(query_of(handle()), trail_)) return false;
  trail_.finished();
  return true;
}

void DeviceStream::wait_for(const DeviceEvent& event) {
  cuda::check(cudaStreamWaitEvent(handle(), event.handle(), 0), "cudaStreamWaitEvent", trail_);
  if (event.subject_ != subject_) trail_.follows(event.trail_);
}

std::vector<const char*> DeviceStream::kernels_of(const std::function<void()>& queue_work) {
  std::vector<const char*> kernels;
  struct Noting {
    DeviceStream& stream;
    ~Noting() { stream.captured_ = nullptr; }
  };
  const Noting noting{*this};
  captured_ = &kernels;
  queue_work();
  return kernels;
}

void DeviceStream::launched(const char* kernel) {
  if (captured_ != nullptr) return captured_->push_back(kernel);
  trail_.launched(kernel);
  if (check_ == FaultCheck::every_launch) wait();
}

DeviceEvent::DeviceEvent(const Device& device, EventTime time) {
  device.make_current();
  cudaEvent_t event = nullptr;
  const unsigned flags = time == EventTime::noted ? cudaEventDefault : cudaEventDisableTiming;
  cuda::check(cudaEventCreateWithFlags(&event, flags), "cudaEventCreateWithFlags");
  event_.reset(event);
}

void DeviceEvent::record(DeviceStream& stream) {
  cuda::check(cudaEventRecord(handle(), stream.handle()), "cudaEventRecord", stream.trail());
  subject_ = stream.subject_;
  trail_ = stream.trail();
}

bool DeviceEvent::done() const {
  return cuda::has_run(query_of(handle()), trail_);
}

void DeviceEvent::wait() const {
  if (subject_ != nullptr) cuda::wait(query_of(handle()), *subject_, trail_);
}

float DeviceEvent::seconds_since(const DeviceEvent& earlier) const {
  float milliseconds = 0;
  cuda::check(cudaEventElapsedTime(&milliseconds, earlier.handle(), handle()),
              "cudaEventElapsedTime");
  return milliseconds / 1000;
}

}  // namespace rondo
