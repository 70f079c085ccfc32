// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

#include "rondo/base/file_descriptor.hpp"

namespace rondo::telemetry {

/// A file that grows by entries, each of which goes out in one write(2), so that a killed run
/// leaves whole ones only. A file that fails (disk full) warns once and drops entries: training
/// goes on. A default-constructed one takes nothing. Not thread-safe.
class AppendFile {
 public:
  AppendFile() = default;
  /// `file` was opened with O_APPEND; `path` is for messages.
  AppendFile(std::filesystem::path path, FileDescriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}

  explicit operator bool() const noexcept { return static_cast<bool>(file_); }
  int descriptor() const noexcept { return file_.get(); }
  const std::filesystem::path& path() const noexcept { return path_; }

  void append(std::string_view entry);

  /// Waits until the entries so far are on the device, so that they outlive the machine too.
  void sync();

 private:
  void warn_once(int error);

  std::filesystem::path path_;
  FileDescriptor file_;
  bool warned_ = false;
};

}  // namespace rondo::telemetry
