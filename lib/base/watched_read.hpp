// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "rondo/base/call_watch.hpp"

namespace rondo {

/// The path by which that file was opened; asks no file system.
inline std::string path_of(int descriptor) {
  std::array<char, 4096> path{};
  const std::string link = fmt::format("/proc/self/fd/{}", descriptor);
  const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
  return length < 0 ? "a file" : std::string(path.data(), static_cast<std::size_t>(length));
}

/// What a thread reads from an open file, which stays open.
class WatchedRead {
 public:
  WatchedRead(int descriptor, std::uint64_t offset, std::size_t bytes)
      : descriptor_(descriptor), offset_(offset), bytes_(bytes) {}

 private:
  std::string text() const {
    return fmt::format("{}: reading {} bytes from byte {} on", path_of(descriptor_), bytes_,
                       offset_);
  }

  int descriptor_;
  std::uint64_t offset_;
  std::size_t bytes_;
  WatchedCall call_{ExitCode::io,
                    "its disk or file system does not answer: see the system's log and mounts, and "
                    "start again with --resume",
                    [this] { return text(); }};
};

}  // namespace rondo
