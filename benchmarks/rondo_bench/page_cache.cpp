// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/page_cache.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rondo/base/error.hpp"
#include "rondo/base/file_descriptor.hpp"

namespace rondo::bench {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file, const char* what, int error,
                       ExitCode code = ExitCode::io) {
  throw IoError(
      code, fmt::format("{}: {}: {}", file.string(), what, std::generic_category().message(error)));
}

FileDescriptor open_file(const std::filesystem::path& file) {
  FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor) fail(file, "cannot read", errno, ExitCode::missing_input);
  return descriptor;
}

/// A file's bytes as memory that nobody touches.
class Mapping {
 public:
  Mapping(const FileDescriptor& descriptor, std::size_t bytes)
      : bytes_(bytes),
        address_(::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor.get(), 0)) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (address_ != MAP_FAILED) ::munmap(address_, bytes_);
  }
  void* address() const noexcept { return address_; }

 private:
  std::size_t bytes_;
  void* address_;
};

}  // namespace

ScratchDirectory::ScratchDirectory(const std::filesystem::path& parent) {
  std::string name = (parent / "rondo-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    fail(parent, "cannot make a directory", errno, ExitCode::cannot_create);
  path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void evict(const std::filesystem::path& file) {
  const FileDescriptor descriptor = open_file(file);
  if (::fsync(descriptor.get()) != 0) fail(file, "cannot be written out", errno);
  const int error = ::posix_fadvise(descriptor.get(), 0, 0, POSIX_FADV_DONTNEED);
  if (error != 0) fail(file, "cannot be taken out of the page cache", error);
}

double cached_fraction(const std::filesystem::path& file) {
  const std::size_t bytes = std::filesystem::file_size(file);
  if (bytes == 0) return 0;
  const Mapping mapping(open_file(file), bytes);
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> pages((bytes + page - 1) / page);
  if (mapping.address() == MAP_FAILED || ::mincore(mapping.address(), bytes, pages.data()) != 0)
    fail(file, "cannot ask for its pages in memory", errno);
  const auto held = std::count_if(pages.begin(), pages.end(),
                                  [](unsigned char state) { return (state & 1) != 0; });
  return static_cast<double>(held) / static_cast<double>(pages.size());
}

}  // namespace rondo::bench
