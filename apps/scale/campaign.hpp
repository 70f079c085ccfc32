// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/comm/communicator.hpp"

#include "scale/figures.hpp"
#include "scale/options.hpp"

namespace rondo::scale {

/// Measures what the options say. The figures are on rank 0; others get empty ones.
///
/// Collective. \throws AgreedError  as make_plan(), make_rehearsal(), load_model() and
/// make_network(); configuration: the ranks run on unlike machines
Figures run_campaign(comm::Communicator& job, const ScaleOptions& options);

}  // namespace rondo::scale
