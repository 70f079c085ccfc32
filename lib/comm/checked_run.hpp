// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

#include "rondo/comm/call.hpp"
#include "rondo/comm/tuning.hpp"

#include "comm/algorithms/channel.hpp"
#include "comm/signature.hpp"

namespace rondo::comm {

/// Runs the algorithm of a call; the buffers are those of the call that it is given.
using CallBody = std::function<Task(Channel&, const Call&)>;

/// Runs `body` on `call` once all ranks are known to make the same call, so that no rank's output
/// changes if they do not.
///
/// Up to `tuning.copy_limit_bytes` both go on at once, the body on a copy of the output: a short
/// call then takes the rounds of the longer of the two, not of both. Ranks whose calls differ may
/// be on different sides of the limit: signatures have a tag of their own. `tuning` must outlive
/// the task. Collective. \throws CommError  disagreement(), before any other; or as Transport::test
Task checked_run(Channel& channel, Signature signature, Call call, const TransportTuning& tuning,
                 CallBody body);

}  // namespace rondo::comm
