// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace rondo::comm {

/// Elements [begin, end) of something that is cut into parts.
struct Cut {
  std::size_t begin;
  std::size_t end;
};

/// Part `index` of `count` elements in consecutive, nearly equal, possibly empty parts.
constexpr Cut cut_of(std::size_t count, int index, int parts) {
  const auto k = static_cast<std::size_t>(index);
  const auto p = static_cast<std::size_t>(parts);
  return {count * k / p, count * (k + 1) / p};
}

/// Elements cut into blocks, one for each rank.
template <class Byte>
class BasicBlocks {
 public:
  BasicBlocks(std::span<Byte> data, std::size_t element_bytes, int count) noexcept
      : data_(data), element_bytes_(element_bytes), count_(count) {}
  /// Blocks that may be written are blocks that may be read.
  operator BasicBlocks<const Byte>() const noexcept {  // NOLINT(google-explicit-constructor)
    return {data_, element_bytes_, count_};
  }

  int count() const noexcept { return count_; }
  std::size_t element_bytes() const noexcept { return element_bytes_; }

  /// Block `i` modulo the number of blocks; `i` may be as low as minus that number.
  std::span<Byte> operator[](int i) const {
    const int first = (i + count_) % count_;
    return range(first, first + 1);
  }

  /// Blocks [begin, end), none of them counted twice.
  std::span<Byte> range(int begin, int end) const {
    const std::size_t elements = data_.size() / element_bytes_;
    const std::size_t first = cut_of(elements, begin, count_).begin;
    const std::size_t last = cut_of(elements, end, count_).begin;
    return data_.subspan(first * element_bytes_, (last - first) * element_bytes_);
  }

 private:
  std::span<Byte> data_;
  std::size_t element_bytes_;
  int count_;
};

using Blocks = BasicBlocks<std::byte>;
using ConstBlocks = BasicBlocks<const std::byte>;

/// How algorithms cut and order their messages.
struct Segmentation {
  std::size_t segment_bytes = std::size_t{128} << 10;  ///< longest message
  std::size_t receives_ahead = 8;                      ///< receives posted before they are needed
};

/// Longest segment of whole elements, at least one.
inline std::size_t whole_segment_bytes(const Segmentation& segmentation,
                                       std::size_t element_bytes) {
  return std::max<std::size_t>(segmentation.segment_bytes / element_bytes, 1) * element_bytes;
}

/// Appends the consecutive pieces of `block` that are at most `segment_bytes` long; none if empty.
template <class Byte>
void append_segments(std::span<Byte> block, std::size_t segment_bytes,
                     std::vector<std::span<Byte>>& segments) {
  while (!block.empty()) {
    const auto piece = block.first(std::min(segment_bytes, block.size()));
    segments.push_back(piece);
    block = block.subspan(piece.size());
  }
}

}  // namespace rondo::comm
