// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace rondo::cuda {

/// What a kernel loads or stores at once, at most.
inline constexpr std::size_t vector_bytes = 16;

/// A memory that a kernel goes through, of elements of so many bytes.
struct Stream {
  const void* begin;
  std::size_t element_bytes;
};

/// The elements [0, count) as vectors of equally many between single ones: vector k begins at
/// head + k * width.
struct Cut {
  std::size_t count = 0;
  std::size_t head = 0;
  std::size_t vectors = 0;

  constexpr std::size_t singles(std::size_t width) const { return count - vectors * width; }
};

inline bool is_aligned(const Stream& stream, std::size_t width, std::size_t head) {
  const auto address = reinterpret_cast<std::uintptr_t>(stream.begin) + head * stream.element_bytes;
  return address % std::min(vector_bytes, width * stream.element_bytes) == 0;
}

/// Cuts so that the vectors of all streams are aligned; without vectors where no cut does that.
inline Cut cut_for(std::initializer_list<Stream> streams, std::size_t width, std::size_t count) {
  for (std::size_t head = 0; head < width && head <= count; ++head) {
    if (std::all_of(streams.begin(), streams.end(),
                    [&](const Stream& stream) { return is_aligned(stream, width, head); }))
      return {.count = count, .head = head, .vectors = (count - head) / width};
  }
  return {.count = count};
}

}  // namespace rondo::cuda
