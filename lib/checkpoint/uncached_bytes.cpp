// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/uncached_bytes.hpp"

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rondo/base/aligned_buffer.hpp"

namespace rondo::checkpoint {
namespace {

/// Of places in files and memory, for any disk.
constexpr std::uint64_t alignment = 4096;
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;
constexpr std::size_t buffer_bytes = 2 * huge_page_bytes;
/// Whatever its alignment, so much fits into a buffer.
constexpr std::size_t request_bytes = buffer_bytes - 2 * alignment;

}  // namespace

/// In large pages, as a disk takes one long piece of memory faster than a thousand short ones.
class UncachedBytes::Buffer {
 public:
  Buffer()
      : memory_(static_cast<std::byte*>(
            ::operator new (buffer_bytes, std::align_val_t{huge_page_bytes}))) {
    ::madvise(memory_, buffer_bytes, MADV_HUGEPAGE);  // a wish: small pages serve as well
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { ::operator delete (memory_, std::align_val_t{huge_page_bytes}); }

  std::span<std::byte> bytes() noexcept { return {memory_, buffer_bytes}; }

 private:
  std::byte* memory_;
};

UncachedBytes::UncachedBytes(const std::filesystem::path& path) {
  descriptor_.reset(::open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!descriptor_ || ::fstat(descriptor_.get(), &status) != 0 || status.st_size == 0) return;
  mapped_bytes_ = static_cast<std::uint64_t>(status.st_size);
  void* const mapping = ::mmap(nullptr, mapped_bytes_, PROT_READ, MAP_SHARED, descriptor_.get(), 0);
  if (mapping != MAP_FAILED) mapping_ = mapping;
}

UncachedBytes::~UncachedBytes() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapped_bytes_);
}

bool UncachedBytes::is_cached(std::uint64_t offset, std::uint64_t bytes) const {
  const std::uint64_t begin = offset / alignment * alignment;
  const std::uint64_t end = std::min(offset + bytes, mapped_bytes_);
  if (begin >= end) return true;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> pages((end - begin + page - 1) / page);
  if (::mincore(static_cast<std::byte*>(mapping_) + begin, end - begin, pages.data()) != 0)
    return true;
  return std::ranges::all_of(pages, [](unsigned char state) { return (state & 1) != 0; });
}

bool UncachedBytes::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  if (mapping_ == nullptr || is_cached(offset, bytes.size())) return false;
  auto buffer = take_buffer();
  bool all = true;
  while (all && !bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), request_bytes);
    all = read(*buffer, offset, bytes.first(count));
    bytes = bytes.subspan(count);
    offset += count;
  }
  give_back(std::move(buffer));
  return all;
}

bool UncachedBytes::read(Buffer& buffer, std::uint64_t offset, std::span<std::byte> bytes) const {
  const std::uint64_t begin = offset / alignment * alignment;
  const std::size_t before = offset - begin;
  const std::size_t wanted = round_up(before + bytes.size(), alignment);
  // Less comes at the end of the file, or if a signal does; what is read on must be aligned again.
  std::size_t found = 0;
  while (found < before + bytes.size()) {
    const ssize_t count = ::pread(descriptor_.get(), buffer.bytes().data() + found, wanted - found,
                                  static_cast<off_t>(begin + found));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    found += static_cast<std::size_t>(count);
    if (found < before + bytes.size() && found % alignment != 0) return false;
  }
  std::ranges::copy(buffer.bytes().subspan(before, bytes.size()), bytes.begin());
  return true;
}

std::unique_ptr<UncachedBytes::Buffer> UncachedBytes::take_buffer() const {
  const std::lock_guard lock(mutex_);
  if (buffers_.empty()) return std::make_unique<Buffer>();
  auto buffer = std::move(buffers_.back());
  buffers_.pop_back();
  return buffer;
}

void UncachedBytes::give_back(std::unique_ptr<Buffer> buffer) const {
  const std::lock_guard lock(mutex_);
  buffers_.push_back(std::move(buffer));
}

}  // namespace rondo::checkpoint
