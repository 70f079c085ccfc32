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

#include "base/watched_read.hpp"
#include "checkpoint/async_reads.hpp"

namespace rondo::checkpoint {
namespace {

/// Of places in files and memory, for any disk.
constexpr std::uint64_t alignment = 4096;
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;
constexpr std::size_t buffer_bytes = 2 * huge_page_bytes;
/// Whatever its alignment, so much fits into a buffer.
constexpr std::size_t request_bytes = buffer_bytes - 2 * alignment;

/// Of the process, for good: with one for each checkpoint, loads took longer.
AsyncReads& async_reads() {
  static auto* const reads = new AsyncReads;
  return *reads;
}

}  // namespace

/// In large pages, as a disk takes one long piece of memory faster than a thousand short ones. New
/// from the system each, as what the heap has in small pages stays so.
class UncachedBytes::Buffer {
 public:
  explicit Buffer(std::size_t bytes) : mapped_bytes_(bytes + huge_page_bytes) {
    mapping_ =
        ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping_ == MAP_FAILED) throw std::bad_alloc();
    const auto begin = reinterpret_cast<std::uintptr_t>(mapping_);
    bytes_ = {reinterpret_cast<std::byte*>(round_up(begin, huge_page_bytes)), bytes};
    // A wish: small pages serve as well. The rest is not worth a large one.
    ::madvise(bytes_.data(), bytes / huge_page_bytes * huge_page_bytes, MADV_HUGEPAGE);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { ::munmap(mapping_, mapped_bytes_); }

  std::span<std::byte> bytes() noexcept { return bytes_; }

 private:
  std::size_t mapped_bytes_;
  void* mapping_;
  std::span<std::byte> bytes_;
};

UncachedBytes::Arrival::Arrival(const UncachedBytes& file, std::size_t read,
                                std::span<std::byte> bytes, std::unique_ptr<Buffer> buffer,
                                std::size_t skipped)
    : file_(file), read_(read), bytes_(bytes), buffer_(std::move(buffer)), skipped_(skipped) {}

UncachedBytes::Arrival::~Arrival() {
  if (under_way_) async_reads().wait(read_);
}

bool UncachedBytes::Arrival::wait() {
  under_way_ = false;
  const bool all = async_reads().wait(read_) >= skipped_ + bytes_.size();
  if (all) std::ranges::copy(buffer_->bytes().subspan(skipped_, bytes_.size()), bytes_.begin());
  file_.give_back(std::move(buffer_));
  return all;
}

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
  const auto are_cached = [&](std::size_t count) {
    const std::size_t length = std::min<std::size_t>(count * page, end - begin);
    return ::mincore(static_cast<std::byte*>(mapping_) + begin, length, pages.data()) != 0 ||
           std::all_of(pages.data(), pages.data() + count,
                       [](unsigned char state) { return (state & 1) != 0; });
  };
  // The first one mostly tells.
  return are_cached(1) && are_cached(pages.size());
}

bool UncachedBytes::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  if (mapping_ == nullptr || is_cached(offset, bytes.size())) return false;
  auto buffer = take_buffer(std::min(round_up(bytes.size(), alignment) + alignment, buffer_bytes));
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

std::unique_ptr<UncachedBytes::Arrival> UncachedBytes::start(std::uint64_t offset,
                                                             std::span<std::byte> bytes) const {
  if (mapping_ == nullptr || is_cached(offset, bytes.size())) return nullptr;
  const std::size_t skipped = offset % alignment;
  const std::size_t wanted = round_up(skipped + bytes.size(), alignment);
  auto buffer = take_buffer(wanted);
  const auto read =
      async_reads().start(descriptor_.get(), offset - skipped, buffer->bytes().first(wanted));
  if (read) return std::make_unique<Arrival>(*this, *read, bytes, std::move(buffer), skipped);
  give_back(std::move(buffer));
  return nullptr;
}

bool UncachedBytes::read(Buffer& buffer, std::uint64_t offset, std::span<std::byte> bytes) const {
  const WatchedRead watched(descriptor_.get(), offset, bytes.size());
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

std::unique_ptr<UncachedBytes::Buffer> UncachedBytes::take_buffer(std::size_t bytes) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(
      buffers_, [&](const auto& buffer) { return buffer->bytes().size() >= bytes; });
  if (found == buffers_.end()) return std::make_unique<Buffer>(bytes);
  auto buffer = std::move(*found);
  buffers_.erase(found);
  return buffer;
}

void UncachedBytes::give_back(std::unique_ptr<Buffer> buffer) const {
  const std::lock_guard lock(mutex_);
  buffers_.push_back(std::move(buffer));
}

}  // namespace rondo::checkpoint
