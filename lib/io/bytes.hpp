// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace rondo::io {

using Bytes = std::span<const std::byte>;

/// Fills `bytes` from an address of a file. \throws IoError  bad_content: not all within the file
using ReadAt = std::function<void(std::uint64_t address, std::span<std::byte> bytes)>;

/// Of at most 8 bytes.
inline std::uint64_t little_endian(Bytes bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

/// What ByteCursor throws; whoever knows the place says more.
struct BeyondEnd {};

/// Takes numbers and pieces from the front of `bytes`. \throws BeyondEnd  if there are too few
class ByteCursor {
 public:
  explicit ByteCursor(Bytes bytes) : rest_(bytes) {}

  Bytes take(std::uint64_t count) {
    if (count > rest_.size()) throw BeyondEnd{};
    const Bytes front = rest_.first(count);
    rest_ = rest_.subspan(count);
    return front;
  }
  std::uint64_t number(std::size_t bytes) { return little_endian(take(bytes)); }
  Bytes rest() const noexcept { return rest_; }

 private:
  Bytes rest_;
};

}  // namespace rondo::io
