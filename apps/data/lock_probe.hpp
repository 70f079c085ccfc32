// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace rondo::apps {

/// Whether a file system takes locks. Rondo's readers need none; other users of HDF5 do.
struct LockSupport {
  bool flock = false;   ///< of whole files, as HDF5 locks them
  bool ranges = false;  ///< of byte ranges (fcntl), as MPI-IO locks them
  std::string subject;  ///< what was locked: the directory's, or the file itself
  std::string failure;  ///< of the first that failed, errno's words
};

/// Locks and unlocks a file without a name in the directory of `file`, which leaves nothing behind;
/// where none can be made there, `file` itself, shared.
LockSupport probe_locks(const std::filesystem::path& file);

}  // namespace rondo::apps
