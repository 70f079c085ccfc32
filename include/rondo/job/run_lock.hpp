// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "rondo/base/file_descriptor.hpp"

namespace rondo::job {

/// While one lives, no other job has the run directory.
///
/// The file `lock` in there is locked (flock) and names the holder: host, process, Slurm job. Where
/// the file system has locks they decide; they end with the holder, also one that was killed.
/// Where it has none, or where the holder's host is another one, its text counts too: a holder
/// whose process is gone from this host, or whose job is gone from Slurm, is no holder. What such a
/// one left is taken over with a warning.
///
/// On a file system without locks two jobs that start in the same instant may both get it.
/// Local: rank 0 takes it, and all ranks agree on the outcome. Not thread-safe.
class RunLock {
 public:
  /// Makes the directory if need be.
  /// \throws IoError  cannot_create: another job has the directory, naming it; or as
  ///                  RunDirectory::create()
  explicit RunLock(std::filesystem::path directory);
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  /// Leaves no trace of the lock: the directory goes too, if the lock made it and nothing else is
  /// in there.
  ~RunLock();

 private:
  std::filesystem::path file() const { return directory_ / "lock"; }

  std::filesystem::path directory_;
  bool made_directory_ = false;
  FileDescriptor descriptor_;
};

}  // namespace rondo::job
