// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

namespace rondo {

/// A file that appears under its final name complete and on disk, or not at all.
///
/// The content goes into temporary_path(), an empty file made by the constructor beside the final
/// one; publish() puts it in place. Without publish() the destructor removes the temporary, and
/// what had the final name before stays as it was.
class AtomicFile {
 public:
  /// \throws IoError  cannot_create: no such directory, no permission, read-only
  explicit AtomicFile(std::filesystem::path final_path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::filesystem::path& final_path() const noexcept { return final_path_; }
  const std::filesystem::path& temporary_path() const noexcept { return temporary_path_; }

  /// fsync, rename, fsync of the directory. Close the temporary before. \throws IoError  io
  void publish();

 private:
  std::filesystem::path final_path_;
  std::filesystem::path temporary_path_;
  bool is_published_ = false;
};

/// Writes `content` to `path` by way of an AtomicFile. \throws IoError  cannot_create or io
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// Waits until a file's content, or a directory's entries, are on disk. \throws IoError  io
void sync_to_disk(const std::filesystem::path& path);

/// Makes the directories of `path` that do not exist yet, each on disk before this returns.
/// \throws IoError  cannot_create, or io where the device is full
void make_directories_durably(const std::filesystem::path& path);

/// Renames and waits until the new name is on disk; works for files and for directories.
/// \throws IoError  io
void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace rondo
