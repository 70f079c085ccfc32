// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/run_lock.hpp"

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"
#include "rondo/base/output_error.hpp"

#include "job/lock_holder.hpp"

namespace rondo::job {
namespace {

enum class Flock { taken, refused, not_supported };

Flock try_flock(int descriptor) {
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    return errno == EWOULDBLOCK ? Flock::refused : Flock::not_supported;
  }
  return Flock::taken;
}

/// Whether the name still is that of the open file: a holder that leaves removes it.
bool is_still_named(int descriptor, const std::filesystem::path& file) {
  struct stat open = {};
  struct stat named = {};
  return ::fstat(descriptor, &open) == 0 && ::stat(file.c_str(), &named) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

std::string content(int descriptor) {
  std::array<char, 1024> text{};
  const ssize_t length = ::pread(descriptor, text.data(), text.size(), 0);
  return {text.data(), static_cast<std::size_t>(length > 0 ? length : 0)};
}

void replace_content(int descriptor, const std::string& text, const std::filesystem::path& file) {
  const bool written =
      ::ftruncate(descriptor, 0) == 0 &&
      ::pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
      ::fsync(descriptor) == 0;
  if (!written) throw output_error(fmt::format("cannot write {}", file.string()), errno);
}

[[noreturn]] void refuse(const std::filesystem::path& directory, const std::string& holder,
                         bool is_certain) {
  const std::string remedy =
      is_certain ? "wait for its end, or choose another directory"
                 : fmt::format("if it is gone, remove {}", (directory / "lock").string());
  throw IoError(ExitCode::cannot_create, fmt::format("the run directory {} is in use by {}: {}",
                                                     directory.string(), holder, remedy));
}

/// Warns of a holder that is gone. \throws IoError  it is not, or nobody knows
void judge(const std::filesystem::path& directory, Flock flock, const std::string& text) {
  if (text.empty() && flock != Flock::refused) return;
  const std::optional<LockHolder> holder = parse_holder(text);
  const std::string name = holder ? describe(*holder) : "another job";
  if (flock == Flock::refused) refuse(directory, name, true);
  const LockHolder self = this_process();
  const JobState state = holder ? state_of(*holder, self) : JobState::unknown;
  // On one host the kernel's word on its locks is the last one.
  const bool is_gone_from_here = flock == Flock::taken && holder && holder->host == self.host;
  if (state == JobState::running && !is_gone_from_here) refuse(directory, name, true);
  if (state == JobState::unknown && flock != Flock::taken) refuse(directory, name, false);
  log::warning(fmt::format("the run directory {} was left locked by {}, which is gone: taken over",
                           directory.string(), name));
}

}  // namespace

RunLock::RunLock(std::filesystem::path directory) : directory_(std::move(directory)) {
  std::error_code error;
  made_directory_ = std::filesystem::create_directories(directory_, error);
  if (error)
    throw output_error(fmt::format("cannot create the run directory {}", directory_.string()),
                       error.value());
  Flock flock = Flock::refused;
  do {
    descriptor_ = FileDescriptor(::open(file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!descriptor_) throw output_error(fmt::format("cannot create {}", file().string()), errno);
    flock = try_flock(descriptor_.get());
  } while (!is_still_named(descriptor_.get(), file()));
  judge(directory_, flock, content(descriptor_.get()));
  replace_content(descriptor_.get(), to_text(this_process()), file());
}

RunLock::~RunLock() {
  ::unlink(file().c_str());
  std::error_code ignored;
  if (made_directory_) std::filesystem::remove(directory_, ignored);
}

}  // namespace rondo::job
