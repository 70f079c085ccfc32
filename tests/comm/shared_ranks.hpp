// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>

#include "rondo/comm/inproc.hpp"

/// What the tests of collectives through the memory of a node share: all ranks are on one.
namespace rondo::comm {

inline const CommunicatorOptions patient{.time_limit = std::chrono::seconds(30)};

/// `ranks` ranks on one node.
inline void run_node(int ranks, const std::function<void(Communicator&)>& body,
                     CommunicatorOptions options = patient) {
  run_ranks(ranks, body, options, ranks);
}

/// `count` elements of `memory` from element `offset` on.
template <class T>
std::span<T> elements(Memory& memory, std::size_t offset, std::size_t count) {
  return {reinterpret_cast<T*>(memory.bytes().data()) + offset, count};
}

}  // namespace rondo::comm
