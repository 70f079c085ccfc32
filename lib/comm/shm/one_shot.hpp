// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "rondo/comm/transport.hpp"

#include "comm/shm/node.hpp"

/// Short calls: every rank shows its whole input, waits once for the others' and does all the work
/// for itself. One line of memory each way for up to 48 bytes, no wait at the end.
namespace rondo::comm {

/// Whether `call`, of which every rank shows its input, may go this way. All ranks are on the node.
bool is_one_shot(const Call& call, std::size_t limit_bytes);

/// \throws CommError  the ranks disagree, or as Node::throw_gone
Task one_shot(Node& node, Runner& runner, Call call, Signature signature);

/// The same, waiting in place, where `transport` is looked after: what a short call costs most
/// elsewhere is what is around it. \throws CommError  also when the deadline passes
void run_one_shot(Node& node, Transport& transport, const Call& call, const Signature& signature,
                  Deadline deadline);

}  // namespace rondo::comm
