// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace rondo::test {

inline std::atomic<std::uint32_t> pretended_file_system{0};

/// As long as it lives, statfs(2) calls the file system of every path one of `type`, in the program
/// that includes this.
class PretendedFileSystem {
 public:
  explicit PretendedFileSystem(std::uint32_t type) { pretended_file_system = type; }
  PretendedFileSystem(const PretendedFileSystem&) = delete;
  PretendedFileSystem& operator=(const PretendedFileSystem&) = delete;
  ~PretendedFileSystem() { pretended_file_system = 0; }
};

inline constexpr std::uint32_t nfs = 0x6969;

}  // namespace rondo::test

/// Comes before the C library's.
extern "C" inline __attribute__((used)) int statfs(const char* path,
                                                   struct statfs* status) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_statfs, path, status));
  if (result == 0 && rondo::test::pretended_file_system != 0)
    status->f_type = rondo::test::pretended_file_system;
  return result;
}
