// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/comm/communicator.hpp"
#include "rondo/comm/transport.hpp"

namespace rondo::comm {

/// This rank's place among those of `transport`, on its nodes.
Place place_in(const Transport& transport);

/// The same where ranks of one node do not share its memory: each is a node of its own.
Place place_apart_in(const Transport& transport);

}  // namespace rondo::comm
