// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
//
// A library to preload: each larger read of one file takes so much longer, as from a slow disk.
//
//   LD_PRELOAD=librondo_slow_reads.so RONDO_SLOW_FILE=FILE RONDO_SLOW_MILLISECONDS=100 PROGRAM
#include <chrono>
#include <cstdlib>
#include <thread>

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

/// What is shorter is no data, but what describes them.
constexpr std::size_t least_bytes = 1024;

struct Plan {
  struct stat file = {};
  std::chrono::milliseconds delay{0};
};

const Plan& plan() {
  static const Plan planned = [] {
    Plan read;
    const char* file = std::getenv("RONDO_SLOW_FILE");           // NOLINT(concurrency-mt-unsafe)
    const char* delay = std::getenv("RONDO_SLOW_MILLISECONDS");  // NOLINT(concurrency-mt-unsafe)
    if (file != nullptr && delay != nullptr && ::stat(file, &read.file) == 0)
      read.delay = std::chrono::milliseconds(std::atol(delay));
    return read;
  }();
  return planned;
}

void delay(int descriptor, std::size_t size) {
  struct stat status = {};
  if (size < least_bytes || ::fstat(descriptor, &status) != 0) return;
  if (status.st_ino != plan().file.st_ino || status.st_dev != plan().file.st_dev) return;
  std::this_thread::sleep_for(plan().delay);
}

using Read = ssize_t(int, void*, size_t, off_t);

}  // namespace

extern "C" {

ssize_t pread(int file, void* data, size_t size, off_t offset) {
  delay(file, size);
  return reinterpret_cast<Read*>(::dlsym(RTLD_NEXT, "pread"))(file, data, size, offset);
}

ssize_t pread64(int file, void* data, size_t size, off_t offset) {
  delay(file, size);
  return reinterpret_cast<Read*>(::dlsym(RTLD_NEXT, "pread64"))(file, data, size, offset);
}

}  // extern "C"
