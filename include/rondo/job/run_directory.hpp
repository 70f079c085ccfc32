// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <utility>

namespace rondo::job {

/// Where the files of one training run are. Making one touches nothing on disk.
class RunDirectory {
 public:
  explicit RunDirectory(std::filesystem::path root) : root_(std::move(root)) {}

  const std::filesystem::path& root() const noexcept { return root_; }
  std::filesystem::path config() const { return root_ / "config.toml"; }
  std::filesystem::path metrics() const { return root_ / "metrics.ndjson"; }
  std::filesystem::path checkpoints() const { return root_ / "checkpoints"; }
  std::filesystem::path curve() const { return root_ / "curve.svg"; }

  /// Makes the folders that do not exist yet, parents included, each on disk before this returns.
  /// One rank does this.
  /// \throws IoError  cannot_create, or io where the device is full
  void create() const;

 private:
  std::filesystem::path root_;
};

}  // namespace rondo::job
