// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// What the benchmarks plant, and whether they see what is wrong with a result.
#include "rondo_bench/pattern.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace rondo::bench {
namespace {

using comm::Collective;
using comm::ReduceOp;

constexpr std::size_t count = 12'000;  // of every rank's buffers; three periods
constexpr std::size_t salt = 17;

using Bytes = std::vector<std::byte>;

Shape shape_of(Collective collective, int ranks, DType dtype = DType::f32) {
  return {.collective = collective, .dtype = dtype, .ranks = ranks, .count = count};
}

Bytes planted(const Shape& shape, ReduceOp op, int rank, int root = 0) {
  Bytes input(shape.input_bytes());
  Bytes output(shape.output_bytes());
  Pattern(shape, op, rank, root).plant(shape, {.input = input, .output = output}, salt);
  return input;
}

template <class T>
double element(const Bytes& bytes, std::size_t i) {
  T value{};
  std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
  return static_cast<double>(static_cast<float>(value));
}

double combine(ReduceOp op, double a, double b) {
  if (op == ReduceOp::min) return std::min(a, b);
  if (op == ReduceOp::max) return std::max(a, b);
  return a + b;
}

/// The reduction of everybody's input by the plainest means, rounded to T after each rank.
template <class T>
Bytes reduced(const Shape& shape, ReduceOp op) {
  std::vector<Bytes> inputs;
  inputs.reserve(static_cast<std::size_t>(shape.ranks));
  for (int rank = 0; rank < shape.ranks; ++rank)
    inputs.push_back(planted(shape, op, rank));
  Bytes result(shape.bytes());
  for (std::size_t i = 0; i < shape.count; ++i) {
    double total = element<T>(inputs[0], i);
    for (std::size_t r = 1; r < inputs.size(); ++r)
      total = static_cast<double>(
          static_cast<float>(T(static_cast<float>(combine(op, total, element<T>(inputs[r], i))))));
    if (op == ReduceOp::avg) total /= shape.ranks;
    const T rounded = T(static_cast<float>(total));
    std::memcpy(result.data() + i * sizeof(T), &rounded, sizeof(T));
  }
  return result;
}

std::uint64_t wrong(const Shape& shape, ReduceOp op, const Bytes& output, int rank = 0) {
  return Pattern(shape, op, rank, 0).count_wrong(shape, output, salt);
}

TEST(Pattern, expects_the_exact_reduction_whatever_the_dtype_op_and_ranks) {
  for (const int ranks : {1, 2, 3, 16}) {
    for (const ReduceOp op : {ReduceOp::sum, ReduceOp::min, ReduceOp::max}) {
      const Shape f32 = shape_of(Collective::allreduce, ranks);
      const Shape bf16 = shape_of(Collective::allreduce, ranks, DType::bf16);
      const Shape u8 = shape_of(Collective::allreduce, ranks, DType::u8);
      EXPECT_EQ(wrong(f32, op, reduced<float>(f32, op)), 0U) << ranks;
      EXPECT_EQ(wrong(bf16, op, reduced<bfloat16>(bf16, op)), 0U) << ranks;
      EXPECT_EQ(wrong(u8, op, reduced<std::uint8_t>(u8, op)), 0U) << ranks;
    }
  }
}

TEST(Pattern, stays_exact_with_more_ranks_than_a_short_float_can_count) {
  const Shape shape = shape_of(Collective::allreduce, 300, DType::bf16);

  EXPECT_EQ(wrong(shape, ReduceOp::sum, reduced<bfloat16>(shape, ReduceOp::sum)), 0U);
}

TEST(Pattern, expects_exact_averages) {
  for (const int ranks : {1, 2, 3, 16, 100}) {
    const Shape f16 = shape_of(Collective::allreduce, ranks, DType::f16);
    EXPECT_EQ(wrong(f16, ReduceOp::avg, reduced<half>(f16, ReduceOp::avg)), 0U) << ranks;
  }
}

TEST(Pattern, counts_every_tampered_element) {
  const Shape shape = shape_of(Collective::allreduce, 3);
  Bytes output = reduced<float>(shape, ReduceOp::sum);

  for (const std::size_t i : {std::size_t{0}, std::size_t{4093}, count - 1})
    output[i * sizeof(float)] ^= std::byte{1};

  EXPECT_EQ(wrong(shape, ReduceOp::sum, output), 3U);
}

TEST(Pattern, sees_a_missing_rank_a_repeated_one_and_data_of_another_call) {
  const Shape shape = shape_of(Collective::allreduce, 2);
  const Bytes own = planted(shape, ReduceOp::sum, 0);
  Bytes twice = own;
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<float>(2 * element<float>(own, i));
    std::memcpy(twice.data() + i * sizeof(float), &value, sizeof(float));
  }
  const Bytes right = reduced<float>(shape, ReduceOp::sum);

  EXPECT_GT(wrong(shape, ReduceOp::sum, own), count * 9 / 10);
  EXPECT_GT(wrong(shape, ReduceOp::sum, twice), count * 9 / 10);
  EXPECT_GT(Pattern(shape, ReduceOp::sum, 0, 0).count_wrong(shape, right, salt + 1),
            count * 9 / 10);
}

TEST(Pattern, planting_leaves_nonsense_in_the_output) {
  const Shape shape = shape_of(Collective::allreduce, 2);
  Bytes input(shape.input_bytes());
  Bytes output = reduced<float>(shape, ReduceOp::sum);
  const Pattern pattern(shape, ReduceOp::sum, 0, 0);

  pattern.plant(shape, {.input = input, .output = output}, salt);

  EXPECT_EQ(pattern.count_wrong(shape, output, salt), count);
}

TEST(Pattern, expects_each_rank_its_block_of_a_reduce_scatter) {
  const Shape shape = shape_of(Collective::reduce_scatter, 3);
  const Bytes whole = reduced<float>(shape, ReduceOp::sum);
  const auto block = static_cast<std::ptrdiff_t>(shape.block_bytes());

  for (int rank = 0; rank < 3; ++rank) {
    const Bytes own(whole.begin() + rank * block, whole.begin() + (rank + 1) * block);
    EXPECT_EQ(wrong(shape, ReduceOp::sum, own, rank), 0U);
    EXPECT_GT(wrong(shape, ReduceOp::sum, own, (rank + 1) % 3), 0U);
  }
}

TEST(Pattern, expects_the_blocks_of_an_allgather_in_their_order) {
  const Shape shape = shape_of(Collective::allgather, 2);
  const Bytes first = planted(shape, ReduceOp::sum, 0);
  const Bytes second = planted(shape, ReduceOp::sum, 1);
  Bytes right = first;
  right.insert(right.end(), second.begin(), second.end());
  Bytes swapped = second;
  swapped.insert(swapped.end(), first.begin(), first.end());

  EXPECT_EQ(wrong(shape, ReduceOp::sum, right), 0U);
  EXPECT_GT(wrong(shape, ReduceOp::sum, swapped), count * 9 / 10);
}

TEST(Pattern, broadcasts_what_the_root_alone_has) {
  const Shape shape = shape_of(Collective::broadcast, 2);
  Bytes root_data(shape.bytes());
  Bytes other_data(shape.bytes());
  const Pattern root(shape, ReduceOp::sum, 1, 1);
  const Pattern other(shape, ReduceOp::sum, 0, 1);

  root.plant(shape, {.input = root_data, .output = root_data}, salt);
  other.plant(shape, {.input = other_data, .output = other_data}, salt);

  EXPECT_EQ(other.count_wrong(shape, root_data, salt), 0U);
  EXPECT_EQ(other.count_wrong(shape, other_data, salt), count);
}

}  // namespace
}  // namespace rondo::bench
