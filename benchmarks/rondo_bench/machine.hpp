// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "rondo/comm/communicator.hpp"

namespace rondo::bench {

/// Of the first core's largest cache, as the kernel reports it; 32 MiB where it does not.
std::size_t last_level_cache_bytes();

/// What the buffers of one rank must exceed so that those of a node exceed the cache several times;
/// 0 for `hot` ones. Collective; equal on all ranks.
std::size_t rotation_bytes(comm::Communicator& comm, bool hot);

}  // namespace rondo::bench
