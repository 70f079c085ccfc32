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
 public:
  /// An existing file, or one that cannot be read so: read() says no then.
  explicit UncachedBytes(const std::filesystem::path& path);
  ~UncachedBytes();

  /// Reads all of `bytes`. False, and `bytes` are unspecified: they are in the cache already, or
  /// cannot be read so; whoever reads them through the cache learns why.
  bool read(std::uint64_t offset, std::span<std::byte> bytes) const;

 private:
  class Buffer;

  bool is_cached(std::uint64_t offset, std::uint64_t bytes) const;
  /// At most as many bytes as a buffer has.
  bool read(Buffer& buffer, std::uint64_t offset, std::span<std::byte> bytes) const;
  std::unique_ptr<Buffer> take_buffer() const;
  void give_back(std::unique_ptr<Buffer> buffer) const;

  FileDescriptor descriptor_;
  void* mapping_ = nullptr;  // nobody reads there: it tells what is in the cache
  std::uint64_t mapped_bytes_ = 0;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Buffer>> buffers_;  // that nobody uses
};

}  // namespace rondo::checkpoint
