// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "comm/algorithms/channel.hpp"

namespace rondo::comm {

/// Returns when every rank has entered: ceil(log2 p) rounds of one empty message each way.
/// Collective. \throws CommError as Transport::test
Task dissemination_barrier(Channel& channel);

}  // namespace rondo::comm
