// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "rondo/base/call_watch.hpp"
#include "rondo/base/exit_code.hpp"
#include "rondo/job/launch.hpp"

namespace rondo::apps {

/// For a program: a call that does not return is reported as any failure of this rank, then `leave`
/// ends the process, and the other ranks. RONDO_CALL_LIMIT, seconds, has precedence over the usual
/// limit. \throws ConfigError  it is no such number
CallWatch::Options call_watch(const job::Launch& launch, std::function<void(ExitCode)> leave);

}  // namespace rondo::apps
