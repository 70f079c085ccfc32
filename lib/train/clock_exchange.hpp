// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "rondo/comm/communicator.hpp"
#include "rondo/telemetry/trace.hpp"

namespace rondo::train {

/// Shows a clock in nanoseconds.
using ShowClock = std::function<std::int64_t()>;

/// By how much this rank's clock is ahead of rank 0's.
///
/// Every rank notes when it enters a collective and when it leaves it, which is after all have
/// entered. Hence (entered here - left at 0) <= offset <= (left here - entered at 0) in each of the
/// rounds; of the bounds the tightest count, those in either direction from rounds of their own.
/// The clocks' drift during the exchange, some milliseconds, is not in the bounds.
/// Collective. On rank 0 the offset and the error are 0.
telemetry::ClockSample exchange_clocks(comm::Communicator& comm, const ShowClock& now,
                                       int rounds = 32);

}  // namespace rondo::train
