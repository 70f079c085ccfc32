// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/no_cuda.hpp"

#include "rondo/base/device.hpp"
#include "rondo/base/device_graph.hpp"
#include "rondo/base/device_memory.hpp"
#include "rondo/base/device_stream.hpp"

namespace rondo {

bool built_with_cuda() noexcept {
  return false;
}

int device_count() {
  no_cuda();
}

// Nobody has a Device, so that nothing below is ever called.
Device::Device(int index) : index_(index) {
  no_cuda();
}
void Device::make_current() const {
  no_cuda();
}
std::size_t Device::total_bytes() const {
  no_cuda();
}
std::size_t Device::free_bytes() const {
  no_cuda();
}

void DeviceStreamTraits::close(handle_type /*stream*/) noexcept {}
void DeviceEventTraits::close(handle_type /*event*/) noexcept {}
DeviceStream::DeviceStream(const Device& device, FaultCheck check, const std::string& /*name*/)
    : check_(check), device_(device.index()), multiprocessors_(device.multiprocessors()) {
  no_cuda();
}
void DeviceStream::wait() {
  no_cuda();
}
bool DeviceStream::done() {
  no_cuda();
}
void DeviceStream::wait_for(const DeviceEvent& /*event*/) {
  no_cuda();
}
void DeviceStream::launched(const char* /*kernel*/) {
  no_cuda();
}
std::vector<const char*> DeviceStream::kernels_of(const std::function<void()>& /*queue_work*/) {
  no_cuda();
}
DeviceEvent::DeviceEvent(const Device& /*device*/, EventTime /*time*/) {
  no_cuda();
}
void DeviceEvent::record(DeviceStream& /*stream*/) {
  no_cuda();
}
bool DeviceEvent::done() const {
  no_cuda();
}
void DeviceEvent::wait() const {
  no_cuda();
}
float DeviceEvent::seconds_since(const DeviceEvent& /*earlier*/) const {
  no_cuda();
}

void DeviceGraphTraits::close(handle_type /*graph*/) noexcept {}
DeviceGraph::DeviceGraph(DeviceStream& /*stream*/, const std::function<void()>& /*queue_work*/) {
  no_cuda();
}
void DeviceGraph::launch(DeviceStream& /*stream*/) {
  no_cuda();
}

void DeviceMemoryTraits::close(handle_type /*memory*/) noexcept {}
void PinnedMemoryTraits::close(handle_type /*memory*/) noexcept {}
void* detail::allocate_on_device(const Device& /*device*/, std::size_t /*bytes*/,
                                 std::string_view /*name*/) {
  no_cuda();
}
void* detail::allocate_pinned(std::size_t /*bytes*/, std::string_view /*name*/) {
  no_cuda();
}
void detail::copy_bytes(DeviceStream& /*stream*/, const void* /*from*/, void* /*to*/,
                        std::size_t /*bytes*/) {
  no_cuda();
}
void detail::clear_bytes(DeviceStream& /*stream*/, void* /*memory*/, std::size_t /*bytes*/) {
  no_cuda();
}

}  // namespace rondo
