// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/shm/segment.hpp"

#include <cerrno>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <random>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/error.hpp"

namespace rondo::comm {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

CommError system_error(std::string_view what) {
  return CommError(
      fmt::format("shared memory: {}: {}", what, std::generic_category().message(errno)),
      ExitCode::internal);
}

std::uint64_t random_token() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

/// Maps `file` at a multiple of 2 MiB, where huge pages fit.
std::byte* map_aligned(int file, std::size_t length) {
  const std::size_t reserved = length + huge_page_bytes;
  void* const area = mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) throw system_error(fmt::format("no room for {} bytes", reserved));
  const auto begin = reinterpret_cast<std::uintptr_t>(area);
  const std::uintptr_t aligned = round_up(begin, huge_page_bytes);
  void* const data = mmap(reinterpret_cast<void*>(aligned), length, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_FIXED, file, 0);
  if (data == MAP_FAILED) {
    const CommError error = system_error(fmt::format("mmap of {} bytes", length));
    munmap(area, reserved);
    throw error;
  }
  if (aligned > begin) munmap(area, aligned - begin);
  const std::uintptr_t end = round_up(aligned + length, page_bytes);
  if (begin + reserved > end) munmap(reinterpret_cast<void*>(end), begin + reserved - end);
  madvise(data, length, MADV_HUGEPAGE);  // a wish: small pages serve as well
  return static_cast<std::byte*>(data);
}

/// The segments of this process, for its other threads to attach to.
class Registry {
 public:
  void add(std::uint64_t token, const std::shared_ptr<Segment>& segment) {
    const std::lock_guard lock(mutex_);
    std::erase_if(segments_, [](const auto& entry) { return entry.second.expired(); });
    segments_[token] = segment;
  }
  std::shared_ptr<Segment> find(std::uint64_t token) {
    const std::lock_guard lock(mutex_);
    const auto entry = segments_.find(token);
    return entry == segments_.end() ? nullptr : entry->second.lock();
  }

 private:
  std::mutex mutex_;
  std::map<std::uint64_t, std::weak_ptr<Segment>> segments_;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

}  // namespace

Segment::Segment(FileDescriptor file, std::size_t bytes)
    : file_(std::move(file)),
      bytes_(bytes),
      trailer_offset_(round_up(bytes, page_bytes)),
      data_(map_aligned(file_.get(), trailer_offset_ + sizeof(Trailer))) {}

Segment::~Segment() {
  munmap(data_, trailer_offset_ + sizeof(Trailer));
}

std::shared_ptr<Segment> Segment::create(std::size_t bytes) {
  if (bytes > std::numeric_limits<std::ptrdiff_t>::max() - 2 * huge_page_bytes)
    throw CommError(fmt::format("shared memory: {} bytes are more than can be mapped", bytes),
                    ExitCode::internal);
  FileDescriptor file(memfd_create("rondo", MFD_CLOEXEC));
  if (!file) throw system_error("memfd_create");
  const std::size_t length = round_up(bytes, page_bytes) + sizeof(Trailer);
  if (ftruncate(file.get(), static_cast<off_t>(length)) != 0)
    throw system_error(fmt::format("ftruncate to {} bytes", length));
  const std::shared_ptr<Segment> segment(new Segment(std::move(file), bytes));
  std::memset(segment->bytes().data(), 0, segment->bytes().size());
  segment->trailer().token = random_token();
  registry().add(segment->trailer().token, segment);
  return segment;
}

std::shared_ptr<Segment> Segment::attach(const Handle& handle) {
  if (auto known = registry().find(handle.token)) return known;
  const std::string path = fmt::format("/proc/{}/fd/{}", handle.process, handle.descriptor);
  FileDescriptor file(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) throw system_error(path);
  const auto not_the_segment = [&] {
    return CommError(fmt::format("shared memory: {} is not the other rank's memory: do the ranks "
                                 "of a node see different process numbers?",
                                 path),
                     ExitCode::internal);
  };
  struct stat status {};
  const std::size_t length = round_up(handle.bytes, page_bytes) + sizeof(Trailer);
  if (fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      static_cast<std::size_t>(status.st_size) != length)
    throw not_the_segment();
  std::shared_ptr<Segment> segment(new Segment(std::move(file), handle.bytes));
  segment->close();
  if (segment->trailer().token != handle.token) throw not_the_segment();
  return segment;
}

void Segment::retire() noexcept {
  madvise(data_, trailer_offset_, MADV_REMOVE);  // the memory is free at once, for all who map it
  trailer().retired.store(1, std::memory_order_release);
}

Segment::Handle Segment::handle() const noexcept {
  const auto& trailer = *reinterpret_cast<const Trailer*>(data_ + trailer_offset_);
  return {.process = getpid(), .descriptor = file_.get(), .bytes = bytes_, .token = trailer.token};
}

}  // namespace rondo::comm
