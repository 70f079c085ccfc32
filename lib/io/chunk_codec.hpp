// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/unique_handle.hpp"

#include "io/chunk_map.hpp"

struct libdeflate_decompressor;
struct libdeflate_compressor;

namespace rondo::io {

struct DecompressorTraits {
  using handle_type = libdeflate_decompressor*;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type handle) noexcept;
};

/// Memory and state of decoding that outlive a call; one for each thread. Grows to about twice the
/// largest chunk, by use of filters only.
class ChunkScratch {
 public:
  /// A buffer of at least `bytes`, valid until the next call with the same `index` (0 to 2).
  std::span<std::byte> buffer(std::size_t index, std::size_t bytes);
  libdeflate_decompressor* decompressor();
  /// What the buffers occupy.
  std::size_t bytes() const noexcept;

 private:
  AlignedBuffer<std::byte> buffers_[3];
  UniqueHandle<DecompressorTraits> decompressor_;
};

/// Undoes `filters`, the last one first, but those whose bit is set in `skipped`.
///
/// `decoded_bytes` is the size of the whole result, of which `out` receives the beginning.
/// `stored` must not lie in `scratch`'s buffers 0 and 1.
/// \throws IoError  bad_content, saying what failed: a checksum (expected, found), a zlib stream, a
///                  size; the caller adds where
void decode_chunk(std::span<const Filter> filters, std::uint32_t skipped,
                  std::span<const std::byte> stored, std::size_t decoded_bytes,
                  std::span<std::byte> out, ChunkScratch& scratch);

/// Applies all `filters`, in order: what Hdf5Dataset::write_chunk() takes. `deflate_level` 1 to 12.
std::vector<std::byte> encode_chunk(std::span<const Filter> filters, int deflate_level,
                                    std::span<const std::byte> decoded);

/// The last bytes of what a checksum was added to. \throws IoError  bad_content unless it is
/// `value`
inline constexpr std::size_t checksum_bytes = 4;
void require_checksum(std::uint32_t value, std::span<const std::byte, checksum_bytes> stored);

}  // namespace rondo::io
