// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/async_reads.hpp"

#include <algorithm>
#include <utility>

#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/watched_read.hpp"

namespace rondo::checkpoint {

// The C library has no functions for these calls.

AsyncReads::~AsyncReads() {
  if (context_ != 0) ::syscall(SYS_io_destroy, context_);  // waits
}

bool AsyncReads::set_up() {
  if (context_ != 0 || refused_) return !refused_;
  // What begins must be waited for: all calls are tried before anything depends on them.
  refused_ = ::syscall(SYS_io_setup, most_reads, &context_) != 0 ||
             ::syscall(SYS_io_getevents, context_, 0L, 0L, nullptr, nullptr) != 0;
  return !refused_;
}

std::optional<std::size_t> AsyncReads::start(int file, std::uint64_t offset,
                                             std::span<std::byte> bytes) {
  const std::lock_guard lock(mutex_);
  const auto read = std::ranges::find(reads_, State::free, &Read::state);
  if (read == reads_.end() || !set_up()) return std::nullopt;
  const auto number = static_cast<std::size_t>(read - reads_.begin());
  iocb request{};
  request.aio_data = number;
  request.aio_lio_opcode = IOCB_CMD_PREAD;
  request.aio_fildes = static_cast<std::uint32_t>(file);
  request.aio_buf = reinterpret_cast<std::uint64_t>(bytes.data());
  request.aio_nbytes = bytes.size();
  request.aio_offset = static_cast<std::int64_t>(offset);
  iocb* requests = &request;
  if (::syscall(SYS_io_submit, context_, 1L, &requests) != 1) return std::nullopt;
  *read = {.state = State::under_way, .file = file, .offset = offset, .wanted = bytes.size()};
  return number;
}

std::size_t AsyncReads::wait(std::size_t read) {
  const std::lock_guard lock(mutex_);
  const WatchedRead watched(reads_[read].file, reads_[read].offset, reads_[read].wanted);
  while (reads_[read].state == State::under_way)
    take_events();
  reads_[read].state = State::free;
  return std::exchange(reads_[read].bytes, 0);
}

void AsyncReads::take_events() {
  std::array<io_event, most_reads> events{};
  const long count =
      ::syscall(SYS_io_getevents, context_, 1L, long{most_reads}, events.data(), nullptr);
  for (long i = 0; i < count; ++i) {  // none where a signal came
    const io_event& event = events[static_cast<std::size_t>(i)];
    Read& read = reads_[event.data];
    read.state = State::over;
    read.bytes = event.res > 0 ? static_cast<std::size_t>(event.res) : 0;
  }
}

}  // namespace rondo::checkpoint
