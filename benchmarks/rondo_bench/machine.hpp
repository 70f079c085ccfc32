// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace rondo::bench {

std::string host_name();

/// Of the first core's largest cache, as the kernel reports it; 32 MiB where it does not.
std::size_t last_level_cache_bytes();

}  // namespace rondo::bench
