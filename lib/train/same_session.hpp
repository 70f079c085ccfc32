// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "rondo/base/parameter.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/train/session.hpp"

namespace rondo::train {

/// Makes sure that all ranks start the same session.
///
/// Collective. \throws AgreedError  (internal) naming every difference between the ranks'
/// parameters (name, shape, role, order), optimizers and options
void check_same_session(comm::Communicator& comm, std::span<const ParameterSpec> parameters,
                        const optim::Optimizer& optimizer, const Session::Options& options);

}  // namespace rondo::train
