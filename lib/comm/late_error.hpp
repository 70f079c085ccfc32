// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/transport.hpp"

#include "comm/signature.hpp"
#include "comm/task.hpp"

namespace rondo::comm {

/// What a call is told whose deadline passed while `runner` waited.
inline CommError late_error(const Runner& runner, const Transport& transport,
                            const Signature& signature) {
  const std::string outstanding = transport.describe_outstanding();
  return CommError(fmt::format(
      "{} did not come in time (a call of {} bytes{}{}): is that rank stopped, far behind, or its "
      "network down?",
      runner.waiting_for(), bytes_of(signature),
      outstanding.empty() ? "" : "; outstanding: ", outstanding));
}

}  // namespace rondo::comm
