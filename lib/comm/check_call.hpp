// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/comm/communicator.hpp"

namespace rondo::comm {

/// What a rank can see of a wrong call before it says anything. \throws UsageError
void check_call(const Call& call, const Place& place);

}  // namespace rondo::comm
