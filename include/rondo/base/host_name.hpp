// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rondo {

/// What this machine calls itself, or "unknown host". Local, thread-safe.
std::string host_name();

}  // namespace rondo
