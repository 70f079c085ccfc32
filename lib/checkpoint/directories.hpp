// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace rondo::checkpoint {

/// A directory with a checkpoint's final name; its content may be invalid.
struct Committed {
  std::uint64_t step = 0;
  std::filesystem::path directory;
};

/// Those below `directory`, newest first; none if it does not exist.
/// \throws IoError  missing_input: it cannot be read
std::vector<Committed> list_committed(const std::filesystem::path& directory);

/// The directory of a checkpoint in the making: `.step-NNNNNNNN.HOST-PID.partial` beside its final
/// name `step-NNNNNNNN`. Removed with the object.
class PartialDirectory {
 public:
  /// Creates it, and `directory` above it. \throws IoError  cannot_create, or io on a full disk
  PartialDirectory(const std::filesystem::path& directory, std::uint64_t step);
  ~PartialDirectory();
  PartialDirectory(const PartialDirectory&) = delete;
  PartialDirectory& operator=(const PartialDirectory&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

  /// fsync, rename to the final name, fsync of the parent. A checkpoint of the same step is
  /// replaced in one exchange where the file system can. \throws IoError  io
  void publish();

 private:
  std::filesystem::path final_path_;
  std::filesystem::path path_;
};

/// Removes hidden directories, half-written or half-removed, whose makers are gone: all but those
/// of live processes of this host.
void remove_leftovers(const std::filesystem::path& directory);

/// Removes all but the newest `keep` of the checkpoints up to `step`; later ones belong to a run
/// that went back behind them, and stay until it reaches them. A failure is a warning.
void prune(const std::filesystem::path& directory, std::uint64_t step, std::size_t keep);

}  // namespace rondo::checkpoint
