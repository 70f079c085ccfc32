// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>

#include "rondo/comm/communicator.hpp"

#include "scale/figures.hpp"
#include "scale/options.hpp"

namespace rondo::scale {

/// What is going to be measured, on which rank counts. Throws what stands against it.
using Acceptance = std::function<void(const Subject& subject, std::span<const int> ranks)>;

/// Measures what the options say, unless `accept` throws before. The figures are on rank 0; others
/// get empty ones.
///
/// Collective. \throws AgreedError  as make_plan(), make_rehearsal(), load_model(), make_network()
/// and `accept`, which is called on every rank; configuration: the ranks run on unlike machines
Figures run_campaign(comm::Communicator& job, const ScaleOptions& options,
                     const Acceptance& accept);

}  // namespace rondo::scale
