// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "rondo/comm/device_communicator.hpp"

#include "comm/nccl/nccl_session.hpp"

namespace rondo::comm::nccl {

/// Memory of ncclMemAlloc, registered with the session; plain memory where NCCL lacks it or has
/// none left. \throws DeviceError  out of memory
std::unique_ptr<DeviceArena> make_arena(const std::shared_ptr<Session>& session,
                                        const Device& device, std::size_t bytes,
                                        std::string_view name);

}  // namespace rondo::comm::nccl
