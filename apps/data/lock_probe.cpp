// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/lock_probe.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>

#include "rondo/base/file_descriptor.hpp"

namespace rondo::apps {
namespace {

/// Someone else's lock shows as well that there are locks.
bool is_supported(int result) {
  return result == 0 || errno == EWOULDBLOCK || errno == EACCES;
}

}  // namespace

LockSupport probe_locks(const std::filesystem::path& file) {
  LockSupport support;
  std::filesystem::path directory = file.parent_path();
  if (directory.empty()) directory = ".";
  support.subject = "the directory's file system";
  FileDescriptor descriptor(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  const bool is_own = static_cast<bool>(descriptor);
  if (!is_own) {
    support.subject = "the file";
    descriptor.reset(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  }
  const auto note = [&support](bool is_good) {
    if (!is_good && support.failure.empty())
      support.failure = std::generic_category().message(errno);
    return is_good;
  };
  support.flock =
      note(is_supported(::flock(descriptor.get(), (is_own ? LOCK_EX : LOCK_SH) | LOCK_NB)));
  struct flock range = {};
  range.l_type = static_cast<short>(is_own ? F_WRLCK : F_RDLCK);
  range.l_whence = SEEK_SET;
  support.ranges = note(is_supported(::fcntl(descriptor.get(), F_SETLK, &range)));
  return support;
}

}  // namespace rondo::apps
