// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/comm/communicator.hpp"

namespace rondo::comm {

/// Where a rank's own block of a reduce-scatter or allgather may lie.
enum class OwnBlock { apart, apart_or_in_place };

/// What a rank can see of a wrong call before it says anything. \throws UsageError
void check_call(const Call& call, const Place& place, OwnBlock own_block = OwnBlock::apart);

}  // namespace rondo::comm
