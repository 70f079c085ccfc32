// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/kernels/reduce.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "rondo/base/error.hpp"

#include "base/vector_targets.hpp"
#include "comm/kernels/reduction.hpp"

// From here on, this file is compiled once per target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "comm/kernels/reduce.cpp"  // NOLINT(readability-identifier-naming)
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "precision/kernels/float16.inl"
// After float16.inl.
#include "comm/kernels/elements.inl"

HWY_BEFORE_NAMESPACE();
namespace rondo::comm {
namespace HWY_NAMESPACE {

/// How many vectors are in flight at once. Four, so that the pointers of inputs and outputs, read
/// anew each time, cost little.
constexpr std::size_t unroll = 4;

HWY_INLINE Bytes load(const std::byte* from) {
  return hn::LoadU(ByteTag(), reinterpret_cast<const std::uint8_t*>(from));
}

struct CachedStore {
  HWY_INLINE void operator()(Bytes bytes, std::byte* to) const {
    hn::StoreU(bytes, ByteTag(), reinterpret_cast<std::uint8_t*>(to));
  }
};

struct StreamingStore {
  HWY_INLINE void operator()(Bytes bytes, std::byte* to) const {
    hn::Stream(bytes, ByteTag(), reinterpret_cast<std::uint8_t*>(to));
  }
};

/// How to read vectors of some inputs: whole ones at `offset`.
struct WholeVectors {
  std::size_t offset;

  HWY_INLINE Bytes operator()(const std::byte* input, std::size_t i) const {
    return load(input + offset + i * vector_bytes);
  }
};

/// One that has `bytes` bytes only.
struct PartOfVector {
  std::size_t offset;
  std::size_t bytes;

  HWY_INLINE Bytes operator()(const std::byte* input, std::size_t) const {
    return load_part(ByteTag(), input + offset, bytes);
  }
};

/// The inputs from left to right.
template <class T, class Op>
struct InOrder {
  using Element = Elements<T>;

  template <std::size_t count, class Read>
  static HWY_INLINE void reduce(const Reduction& reduction, Read read,
                                typename Element::Vector (&result)[count]) {
    for (std::size_t i = 0; i < count; ++i)
      result[i] = Element::unpack(read(reduction.inputs[0], i));
    for (std::size_t k = 1; k < reduction.inputs.size(); ++k) {
      const std::byte* const input = reduction.inputs[k];
      for (std::size_t i = 0; i < count; ++i)
        result[i] = combine(Op(), result[i], Element::unpack(read(input, i)));
    }
    if (reduction.divisor > 1)
      for (std::size_t i = 0; i < count; ++i)
        result[i] = divide(result[i], reduction.divisor);
  }
};

/// Along the tree that the merges give; the top of the stack is `result`.
struct AlongTree {
  using Element = Elements<float>;

  template <std::size_t count, class Read>
  static HWY_INLINE void reduce(const Reduction& reduction, Read read, Floats (&result)[count]) {
    HWY_ALIGN float stack[most_tree_levels - 1][count][hn::MaxLanes(FloatTag())];
    std::size_t depth = 0;
    for (std::size_t k = 0; k < reduction.inputs.size(); ++k) {
      const std::byte* const input = reduction.inputs[k];
      std::size_t merges = reduction.merges[k];
      if (merges == 0) {
        if (k > 0) {
          for (std::size_t i = 0; i < count; ++i)
            hn::Store(result[i], FloatTag(), stack[depth][i]);
          ++depth;
        }
        for (std::size_t i = 0; i < count; ++i)
          result[i] = Element::unpack(read(input, i));
        continue;
      }
      for (std::size_t i = 0; i < count; ++i)
        result[i] = hn::Add(result[i], Element::unpack(read(input, i)));
      while (--merges > 0) {
        --depth;
        for (std::size_t i = 0; i < count; ++i)
          result[i] = hn::Add(hn::Load(FloatTag(), stack[depth][i]), result[i]);
      }
    }
  }
};

/// Reduces `count` vectors at `offset`. All inputs are read before the first output is written.
template <class Order, class Store, std::size_t count>
HWY_INLINE void reduce_vectors(const Reduction& reduction, std::size_t offset) {
  typename Order::Element::Vector result[count];
  Order::reduce(reduction, WholeVectors{offset}, result);
  Bytes packed[count];
  for (std::size_t i = 0; i < count; ++i)
    packed[i] = Order::Element::pack(result[i]);
  for (std::byte* const output : reduction.outputs)
    for (std::size_t i = 0; i < count; ++i)
      Store()(packed[i], output + offset + i * vector_bytes);
}

/// Reduces `bytes` bytes at `offset`, fewer than a vector has.
template <class Order>
HWY_NOINLINE void reduce_part(const Reduction& reduction, std::size_t offset, std::size_t bytes) {
  typename Order::Element::Vector result[1];
  Order::reduce(reduction, PartOfVector{offset, bytes}, result);
  for (std::byte* const output : reduction.outputs)
    store_part(ByteTag(), Order::Element::pack(result[0]), output + offset, bytes);
}

/// By value: what is stored could overwrite an argument that others can see, and make the compiler
/// read it again.
template <class Order, class Store>
HWY_NOINLINE void reduce_from(Reduction reduction, std::size_t offset) {
  for (; offset + unroll * vector_bytes <= reduction.bytes; offset += unroll * vector_bytes)
    reduce_vectors<Order, Store, unroll>(reduction, offset);
  for (; offset + vector_bytes <= reduction.bytes; offset += vector_bytes)
    reduce_vectors<Order, Store, 1>(reduction, offset);
  if (offset < reduction.bytes) reduce_part<Order>(reduction, offset, reduction.bytes - offset);
}

std::size_t bytes_to_alignment(const std::byte* address) {
  return -reinterpret_cast<std::uintptr_t>(address) % vector_bytes;
}

/// Streaming stores must be aligned: all outputs must become so together, between two elements.
template <class T>
bool can_stream(std::span<std::byte* const> outputs) {
  const std::size_t head = bytes_to_alignment(outputs[0]);
  return head % sizeof(T) == 0 && std::all_of(outputs.begin(), outputs.end(), [&](auto* output) {
           return bytes_to_alignment(output) == head;
         });
}

template <class T, class Order>
void reduce_typed(const Reduction& reduction) {
  if (reduction.stores == Stores::cached || !can_stream<T>(reduction.outputs))
    return reduce_from<Order, CachedStore>(reduction, 0);

  const std::size_t head = std::min(bytes_to_alignment(reduction.outputs[0]), reduction.bytes);
  if (head > 0) reduce_part<Order>(reduction, 0, head);
  reduce_from<Order, StreamingStore>(reduction, head);
  hwy::FlushStream();
}

void reduce_on_target(DType dtype, ReduceOp op, const Reduction& reduction) {
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    switch (op) {
      case ReduceOp::sum:
      case ReduceOp::avg: return reduce_typed<T, InOrder<T, Sum>>(reduction);
      case ReduceOp::min: return reduce_typed<T, InOrder<T, Min>>(reduction);
      case ReduceOp::max: return reduce_typed<T, InOrder<T, Max>>(reduction);
    }
    throw UsageError("reduce op out of range");
  });
}

void add_along_tree_on_target(const Reduction& reduction) {
  reduce_typed<float, AlongTree>(reduction);
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::comm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::comm {

HWY_EXPORT(reduce_on_target);
HWY_EXPORT(add_along_tree_on_target);

void reduce(DType dtype, ReduceOp op, std::span<std::byte> accumulator,
            std::span<const std::byte> values) {
  const std::array<const std::byte*, 2> inputs{accumulator.data(), values.data()};
  const std::array outputs{accumulator.data()};
  reduce_all(dtype, op, 1, inputs, outputs, accumulator.size(), Stores::cached);
}

void divide(DType dtype, std::span<std::byte> values, int divisor) {
  const std::array<const std::byte*, 1> inputs{values.data()};
  const std::array outputs{values.data()};
  reduce_all(dtype, ReduceOp::sum, divisor, inputs, outputs, values.size(), Stores::cached);
}

// NOLINTNEXTLINE(readability-function-size): seven arguments, all of them different things
void reduce_all(DType dtype, ReduceOp op, int divisor, std::span<const std::byte* const> inputs,
                std::span<std::byte* const> outputs, std::size_t bytes, Stores stores) {
  HWY_DYNAMIC_DISPATCH(reduce_on_target)
  (dtype, op, Reduction{divisor, inputs, outputs, bytes, stores});
}

void add_along_tree(std::span<const std::byte* const> inputs, std::span<const std::uint8_t> merges,
                    std::span<std::byte* const> outputs, std::size_t bytes, Stores stores) {
  HWY_DYNAMIC_DISPATCH(add_along_tree_on_target)
  (Reduction{1, inputs, outputs, bytes, stores, merges});
}

void copy_bytes(std::span<const std::byte> from, std::span<std::byte> to, Stores stores) {
  if (stores == Stores::cached) {
    if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
    return;
  }
  const std::array inputs{from.data()};
  const std::array outputs{to.data()};
  reduce_all(DType::u8, ReduceOp::sum, 1, inputs, outputs, from.size(), stores);
}

}  // namespace rondo::comm
#endif
