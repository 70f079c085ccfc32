// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "rondo/comm/communicator.hpp"

namespace rondo::comm {

/// Runs `local` on every rank, then agrees whether all succeeded.
///
/// Collective; `local` itself must not communicate. If it threw on any rank, every rank throws the
/// same AgreedError: exit code and message of the lowest rank that failed, that rank's number in
/// the message when not all of them failed. Use it around whatever can fail on one rank alone
/// (opening files, checking options against the machine) before the next collective.
void agree_on_success(Communicator& comm, const std::function<void()>& local);

/// Rank 0's `text`, on every rank. Collective.
std::string text_of_root(Communicator& comm, std::string text);

}  // namespace rondo::comm
