// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace rondo {

/// How many of these bytes have physical memory behind them now, as the system says, in whole
/// pages: less than all where they were never touched or were given back. All of them where the
/// system does not tell.
std::size_t resident_bytes(std::span<const std::byte> bytes);

}  // namespace rondo
