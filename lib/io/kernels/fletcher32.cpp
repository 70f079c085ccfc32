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
constexpr std::size_t lanes = hn::MaxLanes(PairTag());
constexpr std::size_t vector_bytes = lanes * sizeof(std::uint32_t);
constexpr std::size_t words_per_vector = 2 * lanes;
/// The most vectors whose sums of sums fit 32 bits: 255 * 256 / 2 * 2 * 65535 < 2^32.
constexpr std::size_t vectors_at_once = 255;

/// What a loop over `vectors` vectors has summed in each lane, modulo 2^32: the lanes themselves,
/// the words of both halves less 2^15, and the latter's sums after each vector.
struct LaneSums {
  HWY_ALIGN std::uint32_t lane[lanes];
  HWY_ALIGN std::uint32_t words[lanes];
  HWY_ALIGN std::uint32_t sum_of_words[lanes];
};

/// With L and H the sums of the lower and upper words, `lane` is L + 2^16 H and `words` L + H.
/// Their difference is (2^16 - 1) H, and the inverse of 2^16 - 1 modulo 2^32 is -(2^16 + 1).
///
/// The lower word 2 k of vector j has been counted (vectors - j) times. It belongs there
/// words_per_vector * (vectors - j) - 2 k times.
HWY_INLINE WordSums collected(const LaneSums& sums, std::size_t vectors) {
  const auto count = static_cast<std::uint32_t>(vectors);
  WordSums total;
  for (std::size_t k = 0; k < lanes; ++k) {
    const std::uint32_t words = sums.words[k] + (count << 16);
    const std::uint32_t sum_of_words = sums.sum_of_words[k] + (count * (count + 1) / 2 << 16);
    const std::uint32_t upper = (words - sums.lane[k]) * ((1U << 16) + 1);
    total.sum += words;
    total.sum_of_sums +=
        words_per_vector * std::uint64_t{sum_of_words} - (2 * k * std::uint64_t{words} + upper);
  }
  return total;
}

/// The multiplication by one that adds neighbours is of signed words: hence the 2^15.
HWY_INLINE WordSums sum_vectors(const std::uint8_t* bytes, std::size_t vectors) {
  const PairTag tag;
  const hn::RebindToSigned<PairTag> sum_tag;
  const hn::Repartition<std::int16_t, PairTag> word_tag;
  const hn::ScalableTag<std::uint8_t> byte_tag;
  const auto middle = hn::Set(tag, 0x80008000);
  const auto one = hn::Set(word_tag, 1);
  auto lane = hn::Zero(tag);
  auto words = hn::Zero(sum_tag), more_words = hn::Zero(sum_tag), sums = hn::Zero(sum_tag);
  for (std::size_t j = 0; j < vectors; ++j) {
    const auto pairs = hn::BitCast(tag, hn::LoadU(byte_tag, bytes + j * vector_bytes));
    const auto centred = hn::BitCast(word_tag, hn::Xor(pairs, middle));
    lane = hn::Add(lane, pairs);
    words = hn::ReorderWidenMulAccumulate(sum_tag, centred, one, words, more_words);
    sums = hn::Add(sums, hn::RearrangeToOddPlusEven(words, more_words));
  }
  LaneSums found;
  hn::Store(lane, tag, found.lane);
  hn::Store(hn::BitCast(tag, hn::RearrangeToOddPlusEven(words, more_words)), tag, found.words);
  hn::Store(hn::BitCast(tag, sums), tag, found.sum_of_words);
  return collected(found, vectors);
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
