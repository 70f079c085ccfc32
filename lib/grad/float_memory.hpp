// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "rondo/comm/communicator.hpp"

namespace rondo::grad {

/// Collective: memory of the communicator for `count` floats.
inline std::unique_ptr<comm::Memory> allocate_floats(comm::Communicator& comm, std::size_t count) {
  return comm.allocate(count * sizeof(float));
}

inline std::span<float> floats_of(comm::Memory& memory) {
  const std::span<std::byte> bytes = memory.bytes();
  return {reinterpret_cast<float*>(bytes.data()), bytes.size() / sizeof(float)};
}

}  // namespace rondo::grad
