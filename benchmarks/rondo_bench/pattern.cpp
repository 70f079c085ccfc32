// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/pattern.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace rondo::bench {
namespace {

constexpr std::size_t period = 4093;   // a prime: no block or segment is a multiple of it by design
constexpr std::size_t rank_step = 37;  // between the positions at which ranks start in `moved_`
constexpr int exact_total = 255;       // u8 holds it, bf16 has all integers up to it
constexpr int largest_digit = 31;

/// The finaliser of SplitMix64: neighbouring numbers become unlike ones.
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31);
}

/// What `rank` adds at `index`. The digits of all ranks sum up to at most `budget`.
int digit(int rank, std::size_t index, int ranks, int budget) {
  const auto random =
      static_cast<int>(mixed((static_cast<std::uint64_t>(rank) << 32) + index + 1) >> 40);
  if (budget >= ranks) return random % (std::min(budget / ranks, largest_digit) + 1);
  // More ranks than the sum may have ones: they take turns.
  const int turn = (rank + static_cast<int>(index)) % ranks;
  return turn < budget ? random % 2 : 0;
}

/// An average is exact where everybody's values are multiples of the number of ranks.
int scale_of(comm::ReduceOp op, int ranks) {
  return op == comm::ReduceOp::avg ? ranks : 1;
}

int reduce(comm::ReduceOp op, int a, int b) {
  switch (op) {
    case comm::ReduceOp::min: return std::min(a, b);
    case comm::ReduceOp::max: return std::max(a, b);
    default: return a + b;
  }
}

template <class Value>
std::vector<std::byte> make_table(DType dtype, Value value) {
  return dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    std::vector<std::byte> table(period * sizeof(T));
    for (std::size_t i = 0; i < period; ++i) {
      const T element = static_cast<T>(static_cast<float>(value(i)));
      std::memcpy(table.data() + i * sizeof(T), &element, sizeof(T));
    }
    return table;
  });
}

/// Calls `visit(bytes of the table, bytes of the buffer)` for the pieces of a buffer that holds the
/// table's elements from `start` on, over and over.
template <class Byte, class Visit>
void for_each_piece(std::span<const std::byte> table, std::size_t start, std::span<Byte> buffer,
                    Visit visit) {
  std::size_t offset = start % period * (table.size() / period);
  while (!buffer.empty()) {
    const std::size_t length = std::min(table.size() - offset, buffer.size());
    visit(table.subspan(offset, length), buffer.first(length));
    buffer = buffer.subspan(length);
    offset = 0;
  }
}

void fill(std::span<const std::byte> table, std::size_t start, std::span<std::byte> buffer) {
  for_each_piece(table, start, buffer,
                 [](auto from, auto to) { std::memcpy(to.data(), from.data(), from.size()); });
}

std::uint64_t count_differences(std::span<const std::byte> table, std::size_t start,
                                std::span<const std::byte> buffer) {
  const std::size_t element_bytes = table.size() / period;
  std::uint64_t wrong = 0;
  for_each_piece(table, start, buffer, [&](auto expected, auto got) {
    if (std::memcmp(expected.data(), got.data(), got.size()) == 0) return;
    for (std::size_t i = 0; i < got.size(); i += element_bytes)
      wrong += std::memcmp(expected.data() + i, got.data() + i, element_bytes) != 0 ? 1U : 0U;
  });
  return wrong;
}

}  // namespace

Pattern::Pattern(const Shape& shape, comm::ReduceOp op, int rank, int root)
    : rank_(rank), ranks_(shape.ranks), root_(root), element_bytes_(size_of(shape.dtype)) {
  const int scale = scale_of(op, ranks_);
  const int budget = std::max(exact_total / scale, 1);
  own_ = make_table(shape.dtype,
                    [&](std::size_t i) { return scale * digit(rank, i, ranks_, budget); });
  reduced_ = make_table(shape.dtype, [&](std::size_t i) {
    int total = digit(0, i, ranks_, budget);
    for (int r = 1; r < ranks_; ++r)
      total = reduce(op, total, digit(r, i, ranks_, budget));
    return total;
  });
  moved_ = make_table(shape.dtype, [](std::size_t i) { return digit(0, i, 1, exact_total); });
}

void Pattern::plant(const Shape& shape, const BufferSet& set, std::size_t salt) const {
  std::memset(set.output.data(), 0xFF, set.output.size());
  const auto rank = static_cast<std::size_t>(rank_);
  if (is_reduction(shape.collective))
    fill(own_, salt, set.input);
  else if (shape.collective == comm::Collective::allgather || rank_ == root_)
    fill(moved_, salt + rank * rank_step, set.input);
}

std::uint64_t Pattern::count_wrong(const Shape& shape, std::span<const std::byte> output,
                                   std::size_t salt) const {
  switch (shape.collective) {
    case comm::Collective::reduce_scatter:
      return count_differences(
          reduced_, salt + static_cast<std::size_t>(rank_) * shape.block_count(), output);
    case comm::Collective::allgather: {
      std::uint64_t wrong = 0;
      for (std::size_t r = 0; r < static_cast<std::size_t>(ranks_); ++r)
        wrong += count_differences(moved_, salt + r * rank_step,
                                   output.subspan(r * shape.block_bytes(), shape.block_bytes()));
      return wrong;
    }
    case comm::Collective::broadcast:
      return count_differences(moved_, salt + static_cast<std::size_t>(root_) * rank_step, output);
    default: return count_differences(reduced_, salt, output);
  }
}

}  // namespace rondo::bench
