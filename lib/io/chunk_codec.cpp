// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/chunk_codec.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include <fmt/format.h>
#include <libdeflate.h>

#include "io/checksum.hpp"
#include "io/unshuffle.hpp"

namespace rondo::io {
namespace {

using Bytes = std::span<const std::byte>;

[[noreturn]] void throw_bad(const std::string& problem) {
  throw IoError(ExitCode::bad_content, problem);
}

Bytes without_checksum(Bytes stored) {
  if (stored.size() < checksum_bytes) throw_bad("is too short for its checksum");
  const Bytes body = stored.first(stored.size() - checksum_bytes);
  Fletcher32 checksum;
  checksum.add(body);
  require_checksum(checksum.value(), stored.last<checksum_bytes>());
  return body;
}

void inflate(Bytes stored, std::span<std::byte> out, ChunkScratch& scratch) {
  const libdeflate_result result = libdeflate_zlib_decompress(
      scratch.decompressor(), stored.data(), stored.size(), out.data(), out.size(), nullptr);
  switch (result) {
    case LIBDEFLATE_SUCCESS: return;
    case LIBDEFLATE_SHORT_OUTPUT:
      throw_bad(fmt::format("cannot be decompressed: holds less than {} bytes", out.size()));
    case LIBDEFLATE_INSUFFICIENT_SPACE:
      throw_bad(fmt::format("cannot be decompressed: holds more than {} bytes", out.size()));
    default: throw_bad("cannot be decompressed: its zlib stream is damaged");
  }
}

/// A filter to undo, and the size of what it was given: what inflating must yield. (Of what came
/// after deflate, which there is once, the size is not known.)
struct Stage {
  Filter filter;
  std::size_t input_bytes;
};

/// The filters to undo, in that order.
std::vector<Stage> stages_of(std::span<const Filter> filters, std::uint32_t skipped,
                             std::size_t decoded_bytes) {
  std::vector<Stage> stages;
  std::size_t bytes = decoded_bytes;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    if ((skipped >> i & 1U) != 0) continue;
    stages.push_back({filters[i], bytes});
    if (filters[i].kind == Filter::Kind::checksum) bytes += checksum_bytes;
  }
  std::reverse(stages.begin(), stages.end());
  return stages;
}

void copy_result(Bytes result, std::size_t decoded_bytes, std::span<std::byte> out) {
  if (result.size() != decoded_bytes)
    throw_bad(fmt::format("expected {} bytes, found {}", decoded_bytes, result.size()));
  if (!out.empty()) std::memcpy(out.data(), result.data(), out.size());
}

std::vector<std::byte> deflated(std::span<const std::byte> bytes, int level) {
  struct Traits {
    using handle_type = libdeflate_compressor*;
    static handle_type null() noexcept { return nullptr; }
    static void close(handle_type handle) noexcept { libdeflate_free_compressor(handle); }
  };
  const UniqueHandle<Traits> compressor(libdeflate_alloc_compressor(level));
  require(static_cast<bool>(compressor), "encode_chunk: the level of deflate must be 1 to 12");
  std::vector<std::byte> out(libdeflate_zlib_compress_bound(compressor.get(), bytes.size()));
  out.resize(libdeflate_zlib_compress(compressor.get(), bytes.data(), bytes.size(), out.data(),
                                      out.size()));
  return out;
}

void append_checksum(std::vector<std::byte>& bytes) {
  Fletcher32 checksum;
  checksum.add(bytes);
  for (std::size_t i = 0; i < checksum_bytes; ++i)
    bytes.push_back(static_cast<std::byte>(checksum.value() >> (8 * i)));
}

}  // namespace

void DecompressorTraits::close(handle_type handle) noexcept {
  libdeflate_free_decompressor(handle);
}

std::span<std::byte> ChunkScratch::buffer(std::size_t index, std::size_t bytes) {
  AlignedBuffer<std::byte>& buffer = buffers_[index];
  if (buffer.size() < bytes) buffer = AlignedBuffer<std::byte>(bytes);
  return buffer.span().first(bytes);
}

libdeflate_decompressor* ChunkScratch::decompressor() {
  if (!decompressor_) decompressor_.reset(libdeflate_alloc_decompressor());
  if (!decompressor_) throw std::bad_alloc();
  return decompressor_.get();
}

std::size_t ChunkScratch::bytes() const noexcept {
  return buffers_[0].size() + buffers_[1].size() + buffers_[2].size();
}

void require_checksum(std::uint32_t value, std::span<const std::byte, checksum_bytes> stored) {
  std::uint32_t expected = 0;
  for (std::size_t i = 0; i < checksum_bytes; ++i)
    expected |= std::to_integer<std::uint32_t>(stored[i]) << (8 * i);
  if (value != expected && old_fletcher32(value) != expected)
    throw_bad(fmt::format("is damaged: expected checksum {:08x}, found {:08x}", expected, value));
}

void decode_chunk(std::span<const Filter> filters, std::uint32_t skipped, Bytes stored,
                  std::size_t decoded_bytes, std::span<std::byte> out, ChunkScratch& scratch) {
  require(out.size() <= decoded_bytes, "decode_chunk: the output is larger than the chunk");
  const std::vector<Stage> stages = stages_of(filters, skipped, decoded_bytes);
  std::size_t next_buffer = 0;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const Stage& stage = stages[i];
    if (stage.filter.kind == Filter::Kind::checksum) {
      stored = without_checksum(stored);
      continue;
    }
    const bool inflates = stage.filter.kind == Filter::Kind::deflate;
    const std::size_t result_bytes = inflates ? stage.input_bytes : stored.size();
    // The last stage fills the caller's memory, unless that is too small for it.
    const bool is_last =
        i + 1 == stages.size() && result_bytes == decoded_bytes && out.size() == decoded_bytes;
    const std::span<std::byte> result = is_last ? out : scratch.buffer(next_buffer, result_bytes);
    next_buffer = 1 - next_buffer;
    if (inflates)
      inflate(stored, result, scratch);
    else
      unshuffle(stored, stage.filter.element_bytes, result);
    if (is_last) return;
    stored = result;
  }
  copy_result(stored, decoded_bytes, out);
}

std::vector<std::byte> encode_chunk(std::span<const Filter> filters, int deflate_level,
                                    std::span<const std::byte> decoded) {
  std::vector<std::byte> bytes(decoded.begin(), decoded.end());
  for (const Filter& filter : filters) {
    switch (filter.kind) {
      case Filter::Kind::checksum: append_checksum(bytes); break;
      case Filter::Kind::deflate: bytes = deflated(bytes, deflate_level); break;
      case Filter::Kind::shuffle: {
        std::vector<std::byte> planes(bytes.size());
        shuffle(bytes, filter.element_bytes, planes);
        bytes = std::move(planes);
      }
    }
  }
  return bytes;
}

}  // namespace rondo::io
