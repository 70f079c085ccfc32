// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>

namespace rondo::data {

enum class LockKind { shared, exclusive };

/// Locks an open file (flock) against all other descriptors, of any process of this machine;
/// replaces a lock of the other kind. Closing the descriptor, or the process's end, unlocks.
/// Returns whether it was to be had within `patience`.
/// \throws IoError  io, naming `path`: its file system has no locks
bool lock_file(int descriptor, LockKind kind, std::chrono::milliseconds patience,
               const std::filesystem::path& path);

}  // namespace rondo::data
