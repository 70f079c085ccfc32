// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include "rondo/base/unique_handle.hpp"

namespace rondo {

struct FileDescriptorTraits {
  using handle_type = int;
  static handle_type null() noexcept { return -1; }
  static void close(handle_type descriptor) noexcept { ::close(descriptor); }
};

/// Owns a POSIX file descriptor. Whoever must know whether closing failed calls `release()` and
/// close(2) itself.
using FileDescriptor = UniqueHandle<FileDescriptorTraits>;

}  // namespace rondo
