// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace rondo::io {

/// Which file a descriptor is of, and in which state.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t bytes = 0;
  std::int64_t modified_ns = 0;  ///< since 1970

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// \throws IoError  io, naming `path`
FileIdentity identity_of(int descriptor, const std::string& path);

/// How the file at `path` differs from `before`, as a clause for messages ("the file was replaced
/// while it was open"); empty if it does not.
std::string change_since(const FileIdentity& before, const std::string& path);

}  // namespace rondo::io
