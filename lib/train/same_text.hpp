// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "rondo/comm/communicator.hpp"

namespace rondo::train {

/// Makes sure that `text`, of lines "name: value", is the same on all ranks.
///
/// Collective. \throws AgreedError  (internal) `problem`, then every rank's differences from rank 0
/// (by name, the first 20) or, if only the order differs, the first line that does
void check_same_text(comm::Communicator& comm, const std::string& text, std::string_view problem);

}  // namespace rondo::train
