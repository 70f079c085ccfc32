// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/byte_table.hpp"

#include <algorithm>
#include <cstring>

namespace rondo::data {

ByteTable::ByteTable(double mean, double deviation)
    : factor_(1 / (255 * deviation)), offset_(-mean / deviation) {
  std::array<std::byte, 256> bytes{};
  std::array<float, 256> scaled{};
  for (std::size_t value = 0; value < 256; ++value) {
    bytes[value] = static_cast<std::byte>(value);
    values_[value] = static_cast<float>((static_cast<double>(value) / 255.0 - mean) / deviation);
  }
  scale_bytes(bytes, factor_, offset_, scaled);
  is_linear_ = std::memcmp(values_.data(), scaled.data(), sizeof values_) == 0;
}

void ByteTable::look_up(std::span<const std::byte> bytes, std::span<float> out) const {
  if (is_linear_) return scale_bytes(bytes, factor_, offset_, out);
  std::transform(bytes.begin(), bytes.end(), out.begin(),
                 [this](std::byte value) { return values_[std::to_integer<std::size_t>(value)]; });
}

}  // namespace rondo::data
