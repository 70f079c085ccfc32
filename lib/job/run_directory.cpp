// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/run_directory.hpp"

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "rondo/base/file_descriptor.hpp"
#include "rondo/base/output_error.hpp"

namespace rondo::job {
namespace {

/// True when all of `text` is written and on the disk; otherwise errno says why not.
bool write_durably(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(file) == 0;
}

/// Makes the renaming of a file in `folder` survive a power cut, where the file system can.
void synchronize(const std::filesystem::path& folder) {
  const FileDescriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor) ::fsync(descriptor.get());
}

}  // namespace

void RunDirectory::create() const {
  std::error_code error;
  std::filesystem::create_directories(checkpoints(), error);
  if (error)
    throw output_error(fmt::format("cannot create the run directory {}", root_.string()),
                       error.value());
}

void write_file_atomically(const std::filesystem::path& file, std::string_view text) {
  std::filesystem::path temporary = file;
  temporary += ".part";
  const std::string problem = fmt::format("cannot write {}", file.string());
  FileDescriptor output(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!output) throw output_error(problem, errno);

  const bool complete = write_durably(output.get(), text) && ::close(output.release()) == 0 &&
                        std::rename(temporary.c_str(), file.c_str()) == 0;
  if (!complete) {
    const int error = errno;
    ::unlink(temporary.c_str());
    throw output_error(problem, error);
  }
  const std::filesystem::path folder = file.parent_path();
  synchronize(folder.empty() ? "." : folder);
}

}  // namespace rondo::job
