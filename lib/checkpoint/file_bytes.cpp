// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/file_bytes.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rondo/base/error.hpp"
#include "rondo/base/output_error.hpp"

#include "base/watched_read.hpp"

namespace rondo::checkpoint {
namespace {

[[noreturn]] void fail(ExitCode code, const std::filesystem::path& path, const char* problem) {
  const int reason = errno;
  throw IoError(code, fmt::format("{}: {}: {}", path.string(), problem,
                                  std::generic_category().message(reason)));
}

/// Of a call that only speeds things up: whether its failure means that the disk is full or broken.
bool is_of_device(int error) {
  return error == ENOSPC || error == EDQUOT || error == EIO;
}

int flags_of(FileBytes::Access access) {
  switch (access) {
    case FileBytes::Access::read: return O_RDONLY;
    case FileBytes::Access::read_and_write: return O_RDWR;
    case FileBytes::Access::create: break;
  }
  return O_RDWR | O_CREAT | O_EXCL;
}

struct stat status_of(const FileDescriptor& descriptor, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0) fail(ExitCode::missing_input, path, "cannot read");
  return status;
}

}  // namespace

FileBytes::FileBytes(std::filesystem::path path, Access access) : path_(std::move(path)) {
  // Without waiting for the other end of what may be a pipe; no link, which may lead anywhere.
  const int flags = flags_of(access) | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW;
  descriptor_.reset(::open(path_.c_str(), flags, 0666));
  if (!descriptor_ && access == Access::create)
    throw output_error(fmt::format("{}: cannot create", path_.string()), errno);
  if (!descriptor_ && errno == ELOOP)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: is a symbolic link, expected a file", path_.string()));
  if (!descriptor_) fail(ExitCode::missing_input, path_, "cannot read");
  if (!S_ISREG(status_of(descriptor_, path_).st_mode))
    throw IoError(ExitCode::bad_content, fmt::format("{}: is not a file", path_.string()));
}

std::uint64_t FileBytes::size() const {
  return static_cast<std::uint64_t>(status_of(descriptor_, path_).st_size);
}

void FileBytes::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  const WatchedRead watched(descriptor_.get(), offset, bytes.size());
  while (!bytes.empty()) {
    const ssize_t count =
        ::pread(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(ExitCode::missing_input, path_, "cannot read");
    if (count == 0)
      throw IoError(ExitCode::bad_content, fmt::format("{}: ends at byte {}, expected {} more",
                                                       path_.string(), offset, bytes.size()));
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

// Not POSIX_FADV_WILLNEED: Linux fills the cache with single pages then, which takes the processor
// several times as long as the large folios of its own reading ahead.
void FileBytes::will_be_read_in_order() const noexcept {
  ::posix_fadvise(descriptor_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

void FileBytes::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(ExitCode::io, path_, "cannot write");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

void FileBytes::reserve(std::uint64_t bytes) {
  if (::fallocate(descriptor_.get(), 0, 0, static_cast<off_t>(bytes)) != 0 && is_of_device(errno))
    fail(ExitCode::io, path_, "cannot write");
}

void FileBytes::start_writing_out(std::uint64_t offset, std::uint64_t bytes) {
  if (::sync_file_range(descriptor_.get(), static_cast<off_t>(offset), static_cast<off_t>(bytes),
                        SYNC_FILE_RANGE_WRITE) != 0 &&
      is_of_device(errno))
    fail(ExitCode::io, path_, "cannot write to disk");
}

void FileBytes::sync() {
  if (::fsync(descriptor_.get()) != 0) fail(ExitCode::io, path_, "cannot write to disk");
}

}  // namespace rondo::checkpoint
