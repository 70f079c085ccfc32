// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct XXH3_state_s;  // of xxhash.h

namespace rondo {

/// XXH3 (64 bits) of the bytes: fast, not cryptographic; equal on every machine.
std::uint64_t content_hash(std::span<const std::byte> bytes, std::uint64_t seed = 0);
std::uint64_t content_hash(std::string_view text, std::uint64_t seed = 0);

/// content_hash() of bytes that arrive in pieces. Move-only.
class ContentHasher {
 public:
  explicit ContentHasher(std::uint64_t seed = 0);
  void add(std::span<const std::byte> bytes);
  /// Of all bytes so far; more may follow.
  std::uint64_t value() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const noexcept;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

/// Sixteen lower-case hexadecimal digits.
std::string to_hex(std::uint64_t hash);

}  // namespace rondo
