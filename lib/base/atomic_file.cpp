// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/atomic_file.hpp"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "rondo/base/error.hpp"
#include "rondo/base/file_descriptor.hpp"
#include "rondo/base/output_error.hpp"

namespace rondo {
namespace {

[[noreturn]] void throw_errno(ExitCode code, const std::filesystem::path& path,
                              const std::string& problem) {
  const int reason = errno;
  throw IoError(code, fmt::format("{}: {}: {}", path.string(), problem,
                                  std::generic_category().message(reason)));
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

std::filesystem::path temporary_beside(const std::filesystem::path& path) {
  static std::atomic<unsigned> counter{0};
  return directory_of(path) / fmt::format(".{}.{}-{}.partial", path.filename().string(), ::getpid(),
                                          counter.fetch_add(1));
}

void write_all(int descriptor, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno(ExitCode::io, path, "cannot write");
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path final_path) : final_path_(std::move(final_path)) {
  if (std::error_code ignored; std::filesystem::is_directory(final_path_, ignored)) {
    errno = EISDIR;
    throw_errno(ExitCode::cannot_create, final_path_, "cannot create");
  }
  FileDescriptor file;
  // Another host may hold the same process number on a shared file system: try the next name.
  do {
    temporary_path_ = temporary_beside(final_path_);
    file.reset(::open(temporary_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  } while (!file && errno == EEXIST);
  if (!file)
    throw_errno(errno == ENOSPC || errno == EDQUOT ? ExitCode::io : ExitCode::cannot_create,
                final_path_, "cannot create");
}

AtomicFile::~AtomicFile() {
  if (!is_published_) ::unlink(temporary_path_.c_str());
}

void AtomicFile::publish() {
  sync_to_disk(temporary_path_);
  rename_durably(temporary_path_, final_path_);
  is_published_ = true;
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  AtomicFile file(path);
  const FileDescriptor descriptor(::open(file.temporary_path().c_str(), O_WRONLY | O_CLOEXEC));
  if (!descriptor) throw_errno(ExitCode::cannot_create, path, "cannot create");
  write_all(descriptor.get(), content, path);
  file.publish();
}

void sync_to_disk(const std::filesystem::path& path) {
  const FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor || ::fsync(descriptor.get()) != 0)
    throw_errno(ExitCode::io, path, "cannot write to disk");
}

void make_directories_durably(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> missing;
  std::error_code error;
  for (auto next = path; !std::filesystem::is_directory(next, error); next = directory_of(next)) {
    missing.push_back(next);
    if (directory_of(next) == next) break;
  }
  for (auto next = missing.rbegin(); next != missing.rend(); ++next) {
    std::filesystem::create_directory(*next, error);
    if (error)
      throw output_error(
          fmt::format("{}: cannot create the directory {}", path.string(), next->string()),
          error.value());
    sync_to_disk(directory_of(*next));
  }
}

void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0)
    throw_errno(ExitCode::io, to, fmt::format("cannot rename {}", from.string()));
  sync_to_disk(directory_of(to));
}

}  // namespace rondo
