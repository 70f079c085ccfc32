// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

#include "rondo/base/error.hpp"

namespace rondo {

/// The error of an output that could not be made: `what: <text of the errno value>`. Its code is
/// `io` where the device is full or broken, `cannot_create` where the place itself is no good.
inline IoError output_error(const std::string& what, int error, Where where = Where::here()) {
  const bool device = error == ENOSPC || error == EDQUOT || error == EIO || error == EFBIG;
  const std::string reason = std::generic_category().message(error);
  return {device ? ExitCode::io : ExitCode::cannot_create, what + ": " + reason, where};
}

}  // namespace rondo
