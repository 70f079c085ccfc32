// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
//
// A library to preload: counts a program's calls that change files, and has one of them go wrong.
//
//   LD_PRELOAD=librondo_fault_shim.so RONDO_FAULT=kill:7 PROGRAM
//
//   kill:N      SIGKILL in place of the N-th call
//   ENOSPC:N    it fails so; ENOSPC+:N it and all that follow; EIO likewise
//   short:N     if it writes, it writes half
//   flip:N      if it writes, it writes one bit otherwise
//
// RONDO_FAULT_LOG=FILE gets the name of every call, a line each. RONDO_FAULT_IN=TEXT: only calls on
// paths that have it in them count. Calls on what is neither a regular
// file nor a directory do not count. The libc's own buffered streams are not seen.
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

enum class Fault { none, kill, fail, shorten, flip };

struct Plan {
  Fault fault = Fault::none;
  int error = 0;
  long call = 0;
  bool lasting = false;
};

Plan plan_of(std::string_view text) {
  Plan plan;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return plan;
  plan.call = std::atol(text.data() + colon + 1);
  std::string_view kind = text.substr(0, colon);
  plan.lasting = kind.ends_with('+');
  if (plan.lasting) kind.remove_suffix(1);
  if (kind == "kill") plan.fault = Fault::kill;
  if (kind == "short") plan.fault = Fault::shorten;
  if (kind == "flip") plan.fault = Fault::flip;
  if (kind == "ENOSPC") plan.error = ENOSPC;
  if (kind == "EIO") plan.error = EIO;
  if (plan.error != 0) plan.fault = Fault::fail;
  return plan;
}

const Plan& plan() {
  static const Plan planned = [] {
    const char* text = std::getenv("RONDO_FAULT");  // NOLINT(concurrency-mt-unsafe)
    return plan_of(text == nullptr ? "" : text);
  }();
  return planned;
}

void log_call(const char* name) {
  static const int file = [] {
    const char* path = std::getenv("RONDO_FAULT_LOG");  // NOLINT(concurrency-mt-unsafe)
    return path == nullptr ? -1 : ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  }();
  if (file < 0) return;
  const std::string line = std::string(name) + "\n";
  ::syscall(SYS_write, file, line.data(), line.size());
}

bool counts(std::string_view path) {
  static const char* const part = std::getenv("RONDO_FAULT_IN");  // NOLINT(concurrency-mt-unsafe)
  return part == nullptr || path.find(part) != std::string_view::npos;
}

/// What is to happen to this call.
Fault next_fault(const char* name, const char* path) {
  if (!counts(path)) return Fault::none;
  static std::atomic<long> calls{0};
  const long call = ++calls;
  log_call(name);
  const bool due = call == plan().call || (plan().lasting && call > plan().call);
  if (!due) return Fault::none;
  if (plan().fault == Fault::kill) ::raise(SIGKILL);
  if (plan().fault == Fault::fail) errno = plan().error;
  return plan().fault;
}

Fault next_fault(const char* name, int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return Fault::none;
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return Fault::none;
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  if (::readlink(link.c_str(), path.data(), path.size() - 1) < 0) path.front() = '\0';
  return next_fault(name, path.data());
}

/// The function that this library stands before.
template <class F>
F* real(const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

/// A call that changes names or sizes: real, or failed.
template <class... Arguments>
int changed(const char* name, Fault fault, Arguments... arguments) {
  if (fault == Fault::fail) return -1;
  return real<int(Arguments...)>(name)(arguments...);
}

/// A call that writes; `write` does it.
template <class Write>
ssize_t written(Fault fault, const void* data, std::size_t size, Write write) {
  if (fault == Fault::fail) return -1;
  if (fault == Fault::shorten && size > 1) return write(data, size / 2);
  if (fault != Fault::flip || size == 0) return write(data, size);
  const auto* bytes = static_cast<const char*>(data);
  std::vector<char> copy(bytes, bytes + size);
  copy[size / 2] = static_cast<char>(copy[size / 2] ^ 16);
  return write(copy.data(), size);
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* data, size_t size) {
  return written(next_fault("write", file), data, size, [&](const void* from, size_t count) {
    return real<ssize_t(int, const void*, size_t)>("write")(file, from, count);
  });
}

ssize_t pwrite(int file, const void* data, size_t size, off_t offset) {
  return written(next_fault("pwrite", file), data, size, [&](const void* from, size_t count) {
    return real<ssize_t(int, const void*, size_t, off_t)>("pwrite")(file, from, count, offset);
  });
}

ssize_t pwrite64(int file, const void* data, size_t size, off_t offset) {
  return written(next_fault("pwrite", file), data, size, [&](const void* from, size_t count) {
    return real<ssize_t(int, const void*, size_t, off_t)>("pwrite64")(file, from, count, offset);
  });
}

int fsync(int file) {
  return changed("fsync", next_fault("fsync", file), file);
}
int fdatasync(int file) {
  return changed("fdatasync", next_fault("fdatasync", file), file);
}
int ftruncate(int file, off_t size) noexcept {
  return changed("ftruncate", next_fault("ftruncate", file), file, size);
}
int ftruncate64(int file, off_t size) noexcept {
  return changed("ftruncate64", next_fault("ftruncate", file), file, size);
}
int fallocate(int file, int mode, off_t offset, off_t size) {
  return changed("fallocate", next_fault("fallocate", file), file, mode, offset, size);
}
int fallocate64(int file, int mode, off64_t offset, off64_t size) {
  return changed("fallocate64", next_fault("fallocate", file), file, mode, offset, size);
}
int sync_file_range(int file, off64_t offset, off64_t size, unsigned flags) {
  return changed("sync_file_range", next_fault("sync_file_range", file), file, offset, size, flags);
}
int rename(const char* from, const char* to) noexcept {
  return changed("rename", next_fault("rename", from), from, to);
}
int renameat2(int from_place, const char* from, int to_place, const char* to,
              unsigned flags) noexcept {
  return changed("renameat2", next_fault("renameat2", from), from_place, from, to_place, to, flags);
}
int mkdir(const char* path, mode_t mode) noexcept {
  return changed("mkdir", next_fault("mkdir", path), path, mode);
}
int symlink(const char* target, const char* path) noexcept {
  return changed("symlink", next_fault("symlink", path), target, path);
}
int unlink(const char* path) noexcept {
  return changed("unlink", next_fault("unlink", path), path);
}
int unlinkat(int place, const char* path, int flags) noexcept {
  return changed("unlinkat", next_fault("unlinkat", path), place, path, flags);
}

}  // extern "C"
