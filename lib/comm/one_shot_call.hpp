// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "rondo/comm/call.hpp"

#include "comm/algorithms/channel.hpp"
#include "comm/signature.hpp"

namespace rondo::comm {

/// The bytes that `size` ranks show each other in `call`, all together, if it goes in one shot.
std::size_t shown_bytes(const Call& call, int size);

/// A call for which the comparison of the signatures does everything: its messages carry what the
/// ranks show each other, up to `limit_bytes`, and each rank makes its output of that. A short call
/// then takes ceil(log2 p) messages in all. No output changes unless all ranks make the same call.
///
/// Any collective but those over lanes. Collective, on `signature_tag`.
/// \throws CommError as exchange_calls
Task one_shot_call(Channel& channel, Call call, Signature signature, std::size_t limit_bytes);

}  // namespace rondo::comm
