// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// Rules on vectors of f32. A rule uses nothing but what IEEE 754 rounds exactly (add, subtract,
// multiply, divide, square root), never fused, so that vectors of any width and the last few
// elements get the same bits. Compiled once per target: include it after Highway, once.

HWY_BEFORE_NAMESPACE();
namespace rondo::optim::kernel {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using Floats = hn::Vec<FloatTag>;
inline constexpr std::size_t lanes = hn::MaxLanes(FloatTag());

HWY_INLINE Floats all(float value) {
  return hn::Set(FloatTag(), value);
}

template <class Rule, std::size_t written_count, std::size_t read_count>
HWY_INLINE void apply_to_vector(const Streams<written_count, read_count>& streams,
                                std::size_t begin, const Rule& rule) {
  const FloatTag tag;
  Floats written[written_count];
  Floats read[read_count];
  for (std::size_t k = 0; k < written_count; ++k)
    written[k] = hn::LoadU(tag, streams.written[k] + begin);
  for (std::size_t k = 0; k < read_count; ++k)
    read[k] = hn::LoadU(tag, streams.read[k] + begin);
  rule(written, read);
  for (std::size_t k = 0; k < written_count; ++k)
    hn::StoreU(written[k], tag, streams.written[k] + begin);
}

/// Fewer elements than a vector has: on a copy that is filled up with zeros.
template <class Rule, std::size_t written_count, std::size_t read_count>
HWY_NOINLINE void apply_to_part(Streams<written_count, read_count> streams, Rule rule) {
  HWY_ALIGN float written[written_count][lanes] = {};
  HWY_ALIGN float read[read_count][lanes] = {};
  Streams<written_count, read_count> padded = streams;
  for (std::size_t k = 0; k < written_count; ++k)
    padded.written[k] = std::copy_n(streams.written[k], streams.count, written[k]) - streams.count;
  for (std::size_t k = 0; k < read_count; ++k)
    padded.read[k] = std::copy_n(streams.read[k], streams.count, read[k]) - streams.count;
  apply_to_vector(padded, 0, rule);
  for (std::size_t k = 0; k < written_count; ++k)
    std::copy_n(written[k], streams.count, streams.written[k]);
}

/// Calls `rule(written, read)` for the vectors of the streams in turn. By value: what is stored
/// could overwrite an argument that others can see, and make the compiler read it again.
template <class Rule, std::size_t written_count, std::size_t read_count>
HWY_INLINE void apply(const Streams<written_count, read_count> streams, const Rule rule) {
  std::size_t i = 0;
  for (; i + lanes <= streams.count; i += lanes)
    apply_to_vector(streams, i, rule);
  if (i < streams.count) apply_to_part(streams.part(i, streams.count - i), rule);
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::optim::kernel
HWY_AFTER_NAMESPACE();
