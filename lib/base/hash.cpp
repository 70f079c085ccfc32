// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/hash.hpp"

#include <new>

#include <fmt/format.h>
#include <xxhash.h>
#ifdef RONDO_XXHASH_DISPATCHES
#include <xxh_x86dispatch.h>  // the same names for three times the speed
#endif

namespace rondo {

std::uint64_t content_hash(std::span<const std::byte> bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::uint64_t content_hash(std::string_view text, std::uint64_t seed) {
  return content_hash(std::as_bytes(std::span(text)), seed);
}

void ContentHasher::Free::operator()(XXH3_state_s* state) const noexcept {
  XXH3_freeState(state);
}

ContentHasher::ContentHasher(std::uint64_t seed) : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  XXH3_64bits_reset_withSeed(state_.get(), seed);
}

void ContentHasher::add(std::span<const std::byte> bytes) {
  XXH3_64bits_update(state_.get(), bytes.data(), bytes.size());
}

std::uint64_t ContentHasher::value() const {
  return XXH3_64bits_digest(state_.get());
}

std::string to_hex(std::uint64_t hash) {
  return fmt::format("{:016x}", hash);
}

}  // namespace rondo
