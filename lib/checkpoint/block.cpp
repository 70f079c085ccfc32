// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/block.hpp"

#include <charconv>
#include <iterator>

#include <fmt/format.h>

#include "rondo/base/hash.hpp"

namespace rondo::checkpoint {
namespace {

constexpr std::size_t digits = 16;

}  // namespace

std::string text_of(std::span<const std::uint64_t> hashes) {
  std::string text;
  text.reserve(digits * hashes.size());
  for (const std::uint64_t hash : hashes)
    fmt::format_to(std::back_inserter(text), "{:016x}", hash);
  return text;
}

std::optional<std::vector<std::uint64_t>> hashes_in(std::string_view hex) {
  if (hex.size() % digits != 0) return std::nullopt;
  std::vector<std::uint64_t> hashes(hex.size() / digits);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const char* begin = hex.data() + digits * i;
    const auto [end, error] = std::from_chars(begin, begin + digits, hashes[i], 16);
    if (error != std::errc{} || end != begin + digits) return std::nullopt;
  }
  return hashes;
}

std::uint64_t hash_over(std::span<const std::uint64_t> hashes) {
  return content_hash(text_of(hashes));
}

}  // namespace rondo::checkpoint
