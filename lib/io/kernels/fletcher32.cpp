// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/vector_targets.hpp"
#include "io/checksum.hpp"

// From here on, this file is compiled once per target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "io/kernels/fletcher32.cpp"  // NOLINT(readability-identifier-naming)
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "io/kernels/word_sums.hpp"

HWY_BEFORE_NAMESPACE();
namespace rondo::io {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Each lane holds two little-endian words.
using PairTag = hn::ScalableTag<std::uint32_t>;
using Pairs = hn::Vec<PairTag>;
constexpr std::size_t lanes = hn::MaxLanes(PairTag());
constexpr std::size_t vector_bytes = lanes * sizeof(std::uint32_t);
constexpr std::size_t words_per_vector = 2 * lanes;
/// The most vectors whose sums of sums fit 32 bits: 360 * 361 / 2 * 65535 < 2^32.
constexpr std::size_t vectors_at_once = 360;

/// Lane k of `sums_of_sums` has counted word k of vector j (vectors - j) times. It belongs there
/// words_per_vector * (vectors - j) - k times.
HWY_INLINE void collect(Pairs sums, Pairs sums_of_sums, std::size_t first_word, WordSums& total) {
  HWY_ALIGN std::uint32_t sum[lanes];
  HWY_ALIGN std::uint32_t sum_of_sums[lanes];
  hn::Store(sums, PairTag(), sum);
  hn::Store(sums_of_sums, PairTag(), sum_of_sums);
  for (std::size_t k = 0; k < lanes; ++k) {
    const std::uint64_t word = 2 * k + first_word;
    total.sum += sum[k];
    total.sum_of_sums += words_per_vector * std::uint64_t{sum_of_sums[k]} - word * sum[k];
  }
}

HWY_INLINE WordSums sum_vectors(const std::uint8_t* bytes, std::size_t vectors) {
  const PairTag tag;
  const hn::ScalableTag<std::uint8_t> byte_tag;
  const Pairs mask = hn::Set(tag, 0xFFFF);
  Pairs low = hn::Zero(tag), high = hn::Zero(tag);
  Pairs low_sums = hn::Zero(tag), high_sums = hn::Zero(tag);
  for (std::size_t j = 0; j < vectors; ++j) {
    const Pairs pairs = hn::BitCast(tag, hn::LoadU(byte_tag, bytes + j * vector_bytes));
    low = hn::Add(low, hn::And(pairs, mask));
    high = hn::Add(high, hn::ShiftRight<16>(pairs));
    low_sums = hn::Add(low_sums, low);
    high_sums = hn::Add(high_sums, high);
  }
  WordSums total;
  collect(low, low_sums, 0, total);
  collect(high, high_sums, 1, total);
  return total;
}

/// Adds whole vectors; returns how many bytes they had.
std::size_t add_words_on_target(const std::uint8_t* bytes, std::size_t size, WordSums& total) {
  const std::size_t vectors = size / vector_bytes;
  for (std::size_t first = 0; first < vectors; first += vectors_at_once) {
    const std::size_t count = std::min(vectors_at_once, vectors - first);
    total.append(sum_vectors(bytes + first * vector_bytes, count), count * words_per_vector);
  }
  return vectors * vector_bytes;
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::io
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::io {

HWY_EXPORT(add_words_on_target);

namespace {

std::uint32_t swapped_bytes(std::uint64_t word) {
  return static_cast<std::uint32_t>((word >> 8 | word << 8) & 0xFFFF);
}

}  // namespace

// The words are summed as little-endian ones. Swapping a word's bytes multiplies it by 256 modulo
// 65535, so that the bytes of the sums can be swapped instead.
void Fletcher32::add(std::span<const std::byte> bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  WordSums total{sum_, sum_of_sums_};
  std::size_t i = HWY_DYNAMIC_DISPATCH(add_words_on_target)(data, bytes.size(), total);
  for (; i < bytes.size(); i += 2) {
    const std::uint64_t upper = i + 1 < bytes.size() ? data[i + 1] : 0;
    total.append({data[i] | upper << 8, data[i] | upper << 8}, 1);
  }
  sum_ = total.sum;
  sum_of_sums_ = total.sum_of_sums;
}

std::uint32_t Fletcher32::value() const noexcept {
  return swapped_bytes(sum_of_sums_) << 16 | swapped_bytes(sum_);
}

std::uint32_t old_fletcher32(std::uint32_t value) noexcept {
  return swapped_bytes(value >> 16) << 16 | swapped_bytes(value & 0xFFFF);
}

}  // namespace rondo::io
#endif
