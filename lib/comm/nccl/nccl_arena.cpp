// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/nccl/nccl_arena.hpp"

#include <utility>

#include <fmt/format.h>

#include "rondo/base/device_limit.hpp"
#include "rondo/base/log.hpp"

#include "comm/plain_device_arena.hpp"

namespace rondo::comm::nccl {
namespace {

/// False, with a warning, if `call` failed: registered memory is faster, no more.
bool succeeded(const Api& api, Result result, std::string_view call, std::string_view name) {
  if (result == Result::success || result == Result::in_progress) return true;
  log::warning(fmt::format("{} for {}: {}: going on without it, which is slower", call, name,
                           api.get_error_string(result)));
  return false;
}

class RegisteredArena final : public DeviceArena {
 public:
  /// Owns `memory`.
  RegisteredArena(std::shared_ptr<Session> session, void* memory, std::size_t bytes) noexcept
      : session_(std::move(session)), memory_(memory), bytes_(bytes) {}
  RegisteredArena(const RegisteredArena&) = delete;
  RegisteredArena& operator=(const RegisteredArena&) = delete;
  ~RegisteredArena() override {
    if (device_has_hung()) return;
    const Api& api = session_->api();
    if (registration_ != nullptr && session_->is_open())
      succeeded(api, api.comm_deregister(session_->handle(), registration_), "ncclCommDeregister",
                "an arena");
    succeeded(api, api.mem_free(memory_), "ncclMemFree", "an arena");
  }

  void register_as(std::string_view name) {
    const Api& api = session_->api();
    const Result result = api.comm_register(session_->handle(), memory_, bytes_, &registration_);
    if (!succeeded(api, result, "ncclCommRegister", name)) registration_ = nullptr;
  }

  DeviceSpan<std::byte> bytes() noexcept override {
    return {static_cast<std::byte*>(memory_), bytes_};
  }

 private:
  std::shared_ptr<Session> session_;
  void* memory_;
  std::size_t bytes_;
  void* registration_ = nullptr;
};

void clear_now(const Device& device, DeviceSpan<std::byte> memory) {
  DeviceStream stream(device, "setup");
  clear(stream, memory);
  stream.wait();
}

}  // namespace

std::unique_ptr<DeviceArena> make_arena(const std::shared_ptr<Session>& session,
                                        const Device& device, std::size_t bytes,
                                        std::string_view name) {
  session->require_alive();
  const Api& api = session->api();
  device.make_current();
  void* memory = nullptr;
  if (bytes == 0 || api.mem_alloc == nullptr ||
      !succeeded(api, api.mem_alloc(&memory, bytes), "ncclMemAlloc", name))
    return std::make_unique<PlainDeviceArena>(device, bytes, name);
  auto arena = std::make_unique<RegisteredArena>(session, memory, bytes);
  clear_now(device, arena->bytes());
  arena->register_as(name);
  return arena;
}

}  // namespace rondo::comm::nccl
