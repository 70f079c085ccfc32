// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstring>
#include <string>

#include <sched.h>
#include <sys/mount.h>

#include "support/temporary_directory.hpp"

namespace rondo::test {

/// A directory on a file system of `size` ("64k"), in a mount namespace of this process and its
/// children: it ends with them. Needs root; failure() says why it is not there, for GTEST_SKIP.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& size) {
    const std::string options = "size=" + size;
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, options.c_str()) != 0)
      failure_ = std::string("cannot mount a small file system: ") + std::strerror(errno);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (failure_.empty()) ::umount2(directory_.path().c_str(), MNT_DETACH);
  }

  const std::filesystem::path& path() const { return directory_.path(); }
  const std::string& failure() const { return failure_; }

 private:
  TemporaryDirectory directory_;
  std::string failure_;
};

}  // namespace rondo::test
