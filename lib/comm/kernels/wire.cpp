// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/kernels/wire.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "rondo/base/error.hpp"

#include "base/vector_targets.hpp"

// From here on, this file is compiled once per target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "comm/kernels/wire.cpp"  // NOLINT(readability-identifier-naming)
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "precision/kernels/float16.inl"
// After float16.inl.
#include "comm/kernels/elements.inl"

HWY_BEFORE_NAMESPACE();
namespace rondo::comm {
namespace HWY_NAMESPACE {

constexpr std::size_t lanes = hn::MaxLanes(FloatTag());

/// One vector, or what the last one holds of `count` elements.
template <class Tag>
HWY_INLINE hn::Vec<Tag> load(Tag tag, const void* from, std::size_t count) {
  using T = hn::TFromD<Tag>;
  if (count >= lanes) return hn::LoadU(tag, static_cast<const T*>(from));
  return load_part(tag, from, count * sizeof(T));
}

template <class Tag>
HWY_INLINE void store(Tag tag, hn::Vec<Tag> vector, void* to, std::size_t count) {
  using T = hn::TFromD<Tag>;
  if (count >= lanes)
    hn::StoreU(vector, tag, static_cast<T*>(to));
  else
    store_part(tag, vector, to, count * sizeof(T));
}

template <class T>
void encode_as(std::span<const float> values, std::byte* encoded) {
  for (std::size_t i = 0; i < values.size(); i += lanes) {
    const std::size_t left = values.size() - i;
    const Floats floats = load(FloatTag(), values.data() + i, left);
    store(ShortTag(), ShortFloat<T>::encode(floats), encoded + i * sizeof(T), left);
  }
}

template <class T>
void decode_as(const std::byte* encoded, std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); i += lanes) {
    const std::size_t left = values.size() - i;
    const Shorts shorts = load(ShortTag(), encoded + i * sizeof(T), left);
    store(FloatTag(), ShortFloat<T>::decode(shorts), values.data() + i, left);
  }
}

template <class T, class Op>
void reduce_as(std::span<float> accumulator, const std::byte* encoded) {
  for (std::size_t i = 0; i < accumulator.size(); i += lanes) {
    const std::size_t left = accumulator.size() - i;
    const Floats sum = load(FloatTag(), accumulator.data() + i, left);
    const Shorts shorts = load(ShortTag(), encoded + i * sizeof(T), left);
    store(FloatTag(), Op()(sum, ShortFloat<T>::decode(shorts)), accumulator.data() + i, left);
  }
}

template <class T>
void round_as(std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); i += lanes) {
    const std::size_t left = values.size() - i;
    const Floats floats = load(FloatTag(), values.data() + i, left);
    store(FloatTag(), ShortFloat<T>::decode(ShortFloat<T>::encode(floats)), values.data() + i,
          left);
  }
}

/// Calls `f(std::type_identity<T>{})` with the wire's type.
template <class F>
void dispatch_wire(DType wire, F&& f) {
  switch (wire) {
    case DType::f16: return f(std::type_identity<half>{});
    case DType::bf16: return f(std::type_identity<bfloat16>{});
    default: break;
  }
  throw UsageError("the wire carries f16 or bf16, not " + std::string(name_of(wire)));
}

void encode_on_target(DType wire, std::span<const float> values, std::byte* encoded) {
  dispatch_wire(wire, [&]<class T>(std::type_identity<T>) { encode_as<T>(values, encoded); });
}

void decode_on_target(DType wire, const std::byte* encoded, std::span<float> values) {
  dispatch_wire(wire, [&]<class T>(std::type_identity<T>) { decode_as<T>(encoded, values); });
}

void reduce_encoded_on_target(DType wire, ReduceOp op, std::span<float> accumulator,
                              const std::byte* encoded) {
  dispatch_wire(wire, [&]<class T>(std::type_identity<T>) {
    switch (op) {
      case ReduceOp::sum:
      case ReduceOp::avg: return reduce_as<T, Sum>(accumulator, encoded);
      case ReduceOp::min: return reduce_as<T, Min>(accumulator, encoded);
      case ReduceOp::max: return reduce_as<T, Max>(accumulator, encoded);
    }
    throw UsageError("reduce op out of range");
  });
}

void round_on_target(DType wire, std::span<float> values) {
  dispatch_wire(wire, [&]<class T>(std::type_identity<T>) { round_as<T>(values); });
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::comm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::comm {

HWY_EXPORT(encode_on_target);
HWY_EXPORT(decode_on_target);
HWY_EXPORT(reduce_encoded_on_target);
HWY_EXPORT(round_on_target);

void encode(DType wire, std::span<const float> values, std::span<std::byte> encoded) {
  HWY_DYNAMIC_DISPATCH(encode_on_target)(wire, values, encoded.data());
}

void decode(DType wire, std::span<const std::byte> encoded, std::span<float> values) {
  HWY_DYNAMIC_DISPATCH(decode_on_target)(wire, encoded.data(), values);
}

void reduce_encoded(DType wire, ReduceOp op, std::span<float> accumulator,
                    std::span<const std::byte> encoded) {
  HWY_DYNAMIC_DISPATCH(reduce_encoded_on_target)(wire, op, accumulator, encoded.data());
}

void round_to_wire(DType wire, std::span<float> values) {
  HWY_DYNAMIC_DISPATCH(round_on_target)(wire, values);
}

}  // namespace rondo::comm
#endif
