// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "rondo/comm/communicator.hpp"

#include "base/wait_until.hpp"

namespace rondo::comm {

/// "rank 3 of 8 on host n2": how errors of a DeviceCommunicator begin.
std::string origin_of(const Place& place);

/// "120 s", "0.5 s".
std::string seconds_text(std::chrono::milliseconds duration);

}  // namespace rondo::comm
