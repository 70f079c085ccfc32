// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "rondo/comm/communicator.hpp"
#include "rondo/comm/transport.hpp"

namespace rondo::comm {

/// The collectives of algorithms/ and shm/ over any transport. Collective, blocking. Does not look
/// at RONDO_TUNING: see agreed_tuning().
std::unique_ptr<Communicator> make_communicator(std::unique_ptr<Transport> transport,
                                                CommunicatorOptions options = {});

}  // namespace rondo::comm
