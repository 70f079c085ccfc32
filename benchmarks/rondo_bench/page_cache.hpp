// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace rondo::bench {

/// A directory of its own for files that a measurement writes; removed with all that is in it.
class ScratchDirectory {
 public:
  /// \throws IoError  cannot_create
  explicit ScratchDirectory(const std::filesystem::path& parent);
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory();

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// Writes the file out and asks the kernel to forget its pages. \throws IoError  io
void evict(const std::filesystem::path& file);

/// How much of the file the page cache holds, 0 to 1. \throws IoError  io
double cached_fraction(const std::filesystem::path& file);

}  // namespace rondo::bench
