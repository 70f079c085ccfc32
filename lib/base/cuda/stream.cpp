// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string_view>

#include "rondo/base/device_stream.hpp"

#include "base/cuda/check.hpp"

namespace rondo {
namespace {

FaultCheck chosen(FaultCheck check) {
  const char* const wish = std::getenv("RONDO_DEVICE_FAULTS");  // NOLINT(concurrency-mt-unsafe)
  return wish != nullptr && std::string_view(wish) == "every_launch" ? FaultCheck::every_launch
                                                                     : check;
}

}  // namespace

void DeviceStreamTraits::close(handle_type stream) noexcept {
  cudaStreamDestroy(stream);
}

void DeviceEventTraits::close(handle_type event) noexcept {
  cudaEventDestroy(event);
}

DeviceStream::DeviceStream(const Device& device, FaultCheck check)
    : check_(chosen(check)), device_(device.index()), multiprocessors_(device.multiprocessors()) {
  device.make_current();
  cudaStream_t stream = nullptr;
  cuda::check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking),
              "cudaStreamCreateWithFlags");
  stream_.reset(stream);
}

void DeviceStream::wait() {
  cuda::check(cudaStreamSynchronize(handle()), "cudaStreamSynchronize", trail_);
  trail_.finished();
}

bool DeviceStream::done() {
  const cudaError_t code = cudaStreamQuery(handle());
  if (code == cudaErrorNotReady) return false;
  cuda::check(code, "cudaStreamQuery", trail_);
  trail_.finished();
  return true;
}

void DeviceStream::wait_for(const DeviceEvent& event) {
  cuda::check(cudaStreamWaitEvent(handle(), event.handle(), 0), "cudaStreamWaitEvent", trail_);
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

DeviceEvent::DeviceEvent(const Device& device) {
  device.make_current();
  cudaEvent_t event = nullptr;
  cuda::check(cudaEventCreate(&event), "cudaEventCreate");
  event_.reset(event);
}

void DeviceEvent::record(DeviceStream& stream) {
  cuda::check(cudaEventRecord(handle(), stream.handle()), "cudaEventRecord", stream.trail());
}

bool DeviceEvent::done() const {
  const cudaError_t code = cudaEventQuery(handle());
  if (code == cudaErrorNotReady) return false;
  cuda::check(code, "cudaEventQuery");
  return true;
}

void DeviceEvent::wait() const {
  cuda::check(cudaEventSynchronize(handle()), "cudaEventSynchronize");
}

float DeviceEvent::seconds_since(const DeviceEvent& earlier) const {
  float milliseconds = 0;
  cuda::check(cudaEventElapsedTime(&milliseconds, earlier.handle(), handle()),
              "cudaEventElapsedTime");
  return milliseconds / 1000;
}

}  // namespace rondo
