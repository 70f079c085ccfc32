// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "rondo/base/file_descriptor.hpp"

namespace rondo::checkpoint {

/// A file whose bytes come straight from its disk, past the system's cache: what is read once takes
/// no memory and little of the processor. Thread-safe.
class UncachedBytes {
  class Buffer;

 public:
  /// Bytes on their way from the disk.
  class Arrival {
   public:
    /// Of a read that has begun, into a buffer that gets `bytes` from byte `skipped` on.
    Arrival(const UncachedBytes& file, std::size_t read, std::span<std::byte> bytes,
            std::unique_ptr<Buffer> buffer, std::size_t skipped);
    Arrival(const Arrival&) = delete;
    Arrival& operator=(const Arrival&) = delete;
    /// Waits, too.
    ~Arrival();

    /// Once: returns when all bytes are there. False as UncachedBytes::read.
    bool wait();

   private:
    const UncachedBytes& file_;
    std::size_t read_;
    std::span<std::byte> bytes_;
    std::unique_ptr<Buffer> buffer_;
    std::size_t skipped_;
    bool under_way_ = true;
  };

  /// An existing file, or one that cannot be read so: read() says no then.
  explicit UncachedBytes(const std::filesystem::path& path);
  ~UncachedBytes();

  /// Reads all of `bytes`. False, and `bytes` are unspecified: they are in the cache already, or
  /// cannot be read so; whoever reads them through the cache learns why.
  bool read(std::uint64_t offset, std::span<std::byte> bytes) const;

  /// Begins to read, and the disk goes on by itself. `bytes` and this object must stay until the
  /// arrival is gone. Nothing: as where read() says no, or the system does not read so.
  std::unique_ptr<Arrival> start(std::uint64_t offset, std::span<std::byte> bytes) const;

 private:
  bool is_cached(std::uint64_t offset, std::uint64_t bytes) const;
  /// At most as many bytes as a buffer has.
  bool read(Buffer& buffer, std::uint64_t offset, std::span<std::byte> bytes) const;
  /// At least as long.
  std::unique_ptr<Buffer> take_buffer(std::size_t bytes) const;
  void give_back(std::unique_ptr<Buffer> buffer) const;

  FileDescriptor descriptor_;
  void* mapping_ = nullptr;  // nobody reads there: it tells what is in the cache
  std::uint64_t mapped_bytes_ = 0;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Buffer>> buffers_;  // that nobody uses
};

}  // namespace rondo::checkpoint
