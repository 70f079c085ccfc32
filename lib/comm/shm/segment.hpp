// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "rondo/base/file_descriptor.hpp"

namespace rondo::comm {

/// Memory that ranks of one node share.
///
/// Anonymous (memfd_create): it has no name anywhere and is gone with the last process that maps
/// it, however that ends. Zeroed, aligned to 2 MiB, in huge pages where the system allows them to
/// those who ask. Ranks that are threads of one process share one mapping.
class Segment {
 public:
  /// What another process of the same user needs to attach, until the creator calls close().
  struct Handle {
    std::int64_t process;
    std::int64_t descriptor;
    std::uint64_t bytes;
    std::uint64_t token;  // random, and written in the segment: process numbers can mislead
  };

  /// Touches every page, so that they lie near the calling thread. \throws CommError
  static std::shared_ptr<Segment> create(std::size_t bytes);
  /// \throws CommError  the other process does not let this one
  static std::shared_ptr<Segment> attach(const Handle& handle);

  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  ~Segment();

  std::span<std::byte> bytes() noexcept { return {data_, bytes_}; }
  Handle handle() const noexcept;
  /// Nobody attaches any more.
  void close() noexcept { file_.reset(); }

  /// The owner is done with it: its memory is given back, and the others may detach.
  void retire() noexcept;
  bool retired() noexcept { return trailer().retired.load(std::memory_order_acquire) != 0; }

 private:
  /// Behind the bytes, in a page of its own.
  struct Trailer {
    std::uint64_t token;
    std::atomic<std::uint32_t> retired;
  };

  Segment(FileDescriptor file, std::size_t bytes);
  Trailer& trailer() noexcept { return *reinterpret_cast<Trailer*>(data_ + trailer_offset_); }

  FileDescriptor file_;
  std::size_t bytes_;
  std::size_t trailer_offset_;
  std::byte* data_ = nullptr;
};

}  // namespace rondo::comm
