// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>

namespace rondo::checkpoint {

/// Reads that the system carries out by itself while whoever began them computes: Linux's own
/// asynchronous I/O, which containers permit where they forbid io_uring. It needs no thread, and so
/// no other core. Thread-safe.
class AsyncReads {
 public:
  /// Nothing is asked of the system before the first read.
  AsyncReads() = default;
  AsyncReads(const AsyncReads&) = delete;
  AsyncReads& operator=(const AsyncReads&) = delete;
  /// Returns when nothing is under way any more.
  ~AsyncReads();

  /// Begins to read; wait() must be called once for what is returned, and `bytes` stay until then.
  /// Worth it for files that are read past the system's cache only: other reads are over when this
  /// returns. Nothing: the system refuses, or as many as it was asked for are under way.
  std::optional<std::size_t> start(int file, std::uint64_t offset, std::span<std::byte> bytes);

  /// Returns when that read is over, with the bytes that it brought: fewer than were wanted at the
  /// end of the file, none after an error. A WatchedCall: the system may write to the bytes for as
  /// long as it lasts, so that it can only be waited for, or the process ends.
  std::size_t wait(std::size_t read);

 private:
  enum class State : std::uint8_t { free, under_way, over };
  struct Read {
    State state = State::free;
    std::size_t bytes = 0;  ///< that it brought
    int file = -1;
    std::uint64_t offset = 0;
    std::size_t wanted = 0;
  };

  bool set_up();
  void take_events();

  static constexpr std::size_t most_reads = 256;
  std::mutex mutex_;
  bool refused_ = false;
  unsigned long context_ = 0;  // of the system; none before the first read
  std::array<Read, most_reads> reads_;
};

}  // namespace rondo::checkpoint
