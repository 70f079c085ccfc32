// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "comm/algorithms/blocks.hpp"
#include "comm/algorithms/channel.hpp"

namespace rondo::comm {

/// Every rank's `data` becomes rank `root`'s, along a binomial tree and in segments, each sent on
/// as soon as it arrives. Collective, blocking; equal lengths, root and options on every rank.
/// Traffic: every rank receives data.size() once; the root sends it log2(p) times.
/// \throws CommError as Transport::wait; `data` is then unspecified.
Task tree_broadcast(Channel& channel, std::span<std::byte> data, int root,
                    Segmentation segmentation = {});

}  // namespace rondo::comm
