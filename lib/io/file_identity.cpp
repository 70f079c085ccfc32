// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/file_identity.hpp"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>

#include "rondo/base/error.hpp"

namespace rondo::io {
namespace {

FileIdentity identity_from(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .bytes = static_cast<std::uint64_t>(status.st_size),
          .modified_ns = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 +
                         std::int64_t{status.st_mtim.tv_nsec}};
}

}  // namespace

FileIdentity identity_of(int descriptor, const std::string& path) {
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0)
    throw IoError(ExitCode::io, fmt::format("{}: cannot look at the file: {}", path,
                                            std::generic_category().message(errno)));
  return identity_from(status);
}

std::string change_since(const FileIdentity& before, const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0)
    return fmt::format("the file is gone since it was opened ({})",
                       std::generic_category().message(errno));
  const FileIdentity now = identity_from(status);
  if (now.device != before.device || now.inode != before.inode)
    return "the file was replaced while it was open";
  if (now.bytes != before.bytes)
    return fmt::format("the file was changed while it was open: it had {} bytes, now {}",
                       before.bytes, now.bytes);
  if (now.modified_ns != before.modified_ns) return "the file was changed while it was open";
  return {};
}

}  // namespace rondo::io
