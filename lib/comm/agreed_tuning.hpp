// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "rondo/comm/transport.hpp"
#include "rondo/comm/tuning.hpp"

namespace rondo::comm {

/// The tuning of the file that rank 0's environment variable RONDO_TUNING names; nullptr if it is
/// not set. Only rank 0 opens the file; the others' environments do not matter.
///
/// Collective, blocking. \throws ConfigError  the same one on every rank: the file cannot be read
/// or is no tuning; CommError
std::shared_ptr<const Tuning> agreed_tuning(Transport& transport,
                                            std::chrono::milliseconds time_limit);

}  // namespace rondo::comm
