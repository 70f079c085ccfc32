// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/file_lock.hpp"

#include <cerrno>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <sys/file.h>

#include "rondo/base/error.hpp"

namespace rondo::data {

bool lock_file(int descriptor, LockKind kind, std::chrono::milliseconds patience,
               const std::filesystem::path& path) {
  const int operation = (kind == LockKind::shared ? LOCK_SH : LOCK_EX) | LOCK_NB;
  const auto end = std::chrono::steady_clock::now() + patience;
  while (::flock(descriptor, operation) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK)
      throw IoError(ExitCode::io, fmt::format("{}: cannot lock: {}", path.string(),
                                              std::generic_category().message(errno)));
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace rondo::data
