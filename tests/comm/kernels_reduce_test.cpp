// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/aligned_buffer.hpp"

#include "comm/kernel_oracle.hpp"
#include "comm/kernels/reduce.hpp"
#include "support/vector_targets.hpp"

namespace rondo::comm {
namespace {

constexpr std::array all_ops{ReduceOp::sum, ReduceOp::avg, ReduceOp::min, ReduceOp::max};
constexpr std::array all_stores{Stores::cached, Stores::streaming};
constexpr std::byte canary{0xA5};

/// `bytes` bytes that start `offset` bytes after a cache line's begin, between canaries.
class Buffer {
 public:
  Buffer(std::size_t bytes, std::size_t offset)
      : storage_(bytes + offset + 3 * cache_line_bytes, canary), bytes_(bytes) {
    const auto address = reinterpret_cast<std::uintptr_t>(storage_.data());
    begin_ = cache_line_bytes + (-address % cache_line_bytes) + offset;
  }

  std::byte* data() { return storage_.data() + begin_; }
  std::span<std::byte> span() { return {data(), bytes_}; }
  bool canaries_live() const {
    const auto first = storage_.begin();
    const auto is_canary = [](std::byte byte) { return byte == canary; };
    const auto begin = static_cast<std::ptrdiff_t>(begin_);
    return std::all_of(first, first + begin, is_canary) &&
           std::all_of(first + begin + static_cast<std::ptrdiff_t>(bytes_), storage_.end(),
                       is_canary);
  }

 private:
  std::vector<std::byte> storage_;
  std::size_t bytes_;
  std::size_t begin_;
};

/// One call of reduce_all().
struct Case {
  ReduceOp op = ReduceOp::sum;
  int divisor = 1;
  std::size_t count = 0;
  std::size_t input_count = 2;
  std::size_t output_count = 2;
  /// In bytes after an aligned address, of the k-th buffer.
  std::size_t (*offset)(std::size_t k) = [](std::size_t) { return std::size_t{0}; };
  bool in_place = false;
  Stores stores = Stores::cached;
};

std::ostream& operator<<(std::ostream& stream, const Case& c) {
  return stream << "op " << static_cast<int>(c.op) << ", divisor " << c.divisor << ", count "
                << c.count << ", " << c.input_count << " inputs, " << c.output_count << " outputs, "
                << "second buffer at " << c.offset(1) << (c.in_place ? ", in place" : "")
                << (c.stores == Stores::streaming ? ", streaming" : ", cached");
}

template <class T>
std::vector<Buffer> input_buffers(const Case& c, const std::vector<std::vector<T>>& values) {
  std::vector<Buffer> inputs;
  for (std::size_t k = 0; k < c.input_count; ++k) {
    inputs.emplace_back(c.count * sizeof(T), c.offset(k));
    std::ranges::copy(std::as_bytes(std::span(values[k])), inputs[k].data());
  }
  return inputs;
}

/// Where the results are to appear: in buffers of their own, in place the last one in an input.
std::vector<Buffer*> result_buffers(const Case& c, std::vector<Buffer>& outputs,
                                    std::vector<Buffer>& inputs) {
  std::vector<Buffer*> results(c.output_count);
  for (std::size_t k = 0; k < c.output_count; ++k)
    results[k] = &outputs.emplace_back(inputs[0].span().size(), c.offset(k));
  if (c.in_place) results.back() = &inputs[c.input_count / 2];
  return results;
}

template <class T>
void expect_reduced(const Case& c, const std::vector<std::vector<T>>& values,
                    const std::vector<T>& expected) {
  std::vector<Buffer> inputs = input_buffers(c, values);
  std::vector<Buffer> outputs;
  outputs.reserve(c.output_count);
  const std::vector<Buffer*> results = result_buffers(c, outputs, inputs);
  std::vector<const std::byte*> from(c.input_count);
  std::vector<std::byte*> to(c.output_count);
  std::ranges::transform(inputs, from.begin(), [](Buffer& input) { return input.data(); });
  std::ranges::transform(results, to.begin(), [](Buffer* result) { return result->data(); });

  reduce_all(dtype_of<T>, c.op, c.divisor, from, to, c.count * sizeof(T), c.stores);

  for (Buffer* const result : results) {
    EXPECT_TRUE(oracle::all_equal<T>(result->span(), expected)) << c;
    EXPECT_TRUE(result->canaries_live()) << c;
  }
}

template <class T>
void expect_reduced_on_all_targets(const Case& c) {
  std::mt19937 random(static_cast<unsigned>(c.count));
  std::vector<std::vector<T>> values(c.input_count);
  for (std::vector<T>& input : values)
    input = oracle::random_values<T>(c.count, random);
  const std::vector<T> expected = oracle::reduce_all(c.op, c.divisor, values);

  test::for_each_target([&] { expect_reduced(c, values, expected); });
}

constexpr auto aligned = [](std::size_t) { return std::size_t{0}; };
/// All alike, so that streaming stores become aligned after a few elements.
constexpr auto shifted = [](std::size_t) { return std::size_t{24}; };
/// Not even a multiple of an element's size.
constexpr auto scattered = [](std::size_t k) { return (13 * k + 1) % 64; };

template <class T>
class ReduceAll : public testing::Test {};
using Types = testing::Types<float, double, half, bfloat16, std::int32_t, std::int64_t,
                             std::uint8_t, std::uint16_t, std::uint32_t>;
TYPED_TEST_SUITE(ReduceAll, Types);

TYPED_TEST(ReduceAll, matches_the_scalar_oracle_at_every_length) {
  for (std::size_t count = 0; count <= 200; ++count)
    for (const ReduceOp op : {ReduceOp::sum, ReduceOp::min, ReduceOp::max})
      for (const Stores stores : all_stores)
        expect_reduced_on_all_targets<TypeParam>(
            {.op = op, .count = count, .offset = shifted, .stores = stores});
}

TYPED_TEST(ReduceAll, matches_the_scalar_oracle_for_a_large_prime_count) {
  for (const ReduceOp op : all_ops)
    for (const Stores stores : all_stores)
      for (const auto offset : {+aligned, +shifted, +scattered})
        expect_reduced_on_all_targets<TypeParam>(
            {.op = op, .count = 10007, .input_count = 3, .offset = offset, .stores = stores});
}

TYPED_TEST(ReduceAll, takes_any_number_of_inputs_and_outputs) {
  for (std::size_t input_count = 1; input_count <= 9; ++input_count)
    for (std::size_t output_count = 1; output_count <= 9; ++output_count)
      for (const Stores stores : all_stores)
        expect_reduced_on_all_targets<TypeParam>({.count = 101,
                                                  .input_count = input_count,
                                                  .output_count = output_count,
                                                  .offset = scattered,
                                                  .stores = stores});
}

TYPED_TEST(ReduceAll, reduces_in_place) {
  for (const std::size_t input_count : {1U, 2U, 5U})
    for (const Stores stores : all_stores)
      for (const auto offset : {+shifted, +scattered})
        expect_reduced_on_all_targets<TypeParam>({.count = 331,
                                                  .input_count = input_count,
                                                  .offset = offset,
                                                  .in_place = true,
                                                  .stores = stores});
}

TYPED_TEST(ReduceAll, divides_before_it_rounds) {
  for (const int divisor : {2, 3, 4, 7, 300})
    for (const Stores stores : all_stores)
      expect_reduced_on_all_targets<TypeParam>({.op = ReduceOp::avg,
                                                .divisor = divisor,
                                                .count = 1009,
                                                .input_count = 4,
                                                .stores = stores});
}

TEST(ReduceAllOfShortFloats, rounds_once_at_the_end) {
  // In bf16, 256 + 1 is a tie that goes down to 256: rounded each time, the sum would stay there.
  const bfloat16 large(256), one(1);
  bfloat16 sum;
  const std::array inputs{&large, &one, &one, &one};
  std::array<const std::byte*, 4> addresses{};
  std::transform(inputs.begin(), inputs.end(), addresses.begin(),
                 [](const bfloat16* value) { return reinterpret_cast<const std::byte*>(value); });
  const std::array output{reinterpret_cast<std::byte*>(&sum)};

  reduce_all(DType::bf16, ReduceOp::sum, 1, addresses, output, sizeof(sum), Stores::cached);

  EXPECT_EQ(static_cast<float>(sum), 260.0F);
}

template <class T>
T reduced(ReduceOp op, T a, T b) {
  reduce(dtype_of<T>, op, std::as_writable_bytes(std::span(&a, 1)),
         std::as_bytes(std::span(&b, 1)));
  return a;
}

template <class T>
T divided(T value, int divisor) {
  divide(dtype_of<T>, std::as_writable_bytes(std::span(&value, 1)), divisor);
  return value;
}

TEST(Reduce, integer_sums_wrap_around) {
  EXPECT_EQ(reduced<std::uint8_t>(ReduceOp::sum, 200, 100), 44);
  EXPECT_EQ(reduced<std::int32_t>(ReduceOp::sum, std::numeric_limits<std::int32_t>::max(), 1),
            std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(reduced<std::int64_t>(ReduceOp::sum, std::numeric_limits<std::int64_t>::max(), 2),
            std::numeric_limits<std::int64_t>::min() + 1);
}

TEST(Reduce, integer_division_truncates_toward_zero) {
  EXPECT_EQ(divided<std::int32_t>(-7, 2), -3);
  EXPECT_EQ(divided<std::int64_t>(7, 4), 1);
  EXPECT_EQ(divided<std::uint8_t>(255, 2), 127);
  EXPECT_EQ(divided<std::uint32_t>(4'000'000'000U, 4), 1'000'000'000U);
}

TEST(Reduce, short_float_sums_round_to_nearest_even) {
  // bf16 has 8 significant bits: between 256 and 512 the step is 2, ties go to the even neighbour.
  const auto bf16_sum = [](float a, float b) {
    return static_cast<float>(reduced(ReduceOp::sum, bfloat16(a), bfloat16(b)));
  };
  EXPECT_EQ(bf16_sum(256, 1), 256);
  EXPECT_EQ(bf16_sum(258, 1), 260);
  EXPECT_EQ(bf16_sum(256, 3), 260);

  // f16 has 11: between 2048 and 4096 the step is 2.
  const auto f16_sum = [](float a, float b) {
    return static_cast<float>(reduced(ReduceOp::sum, half(a), half(b)));
  };
  EXPECT_EQ(f16_sum(2048, 1), 2048);
  EXPECT_EQ(f16_sum(2050, 1), 2052);
  EXPECT_EQ(f16_sum(65504, 65504), std::numeric_limits<float>::infinity());
  EXPECT_EQ(static_cast<float>(divided(half(10), 3)), static_cast<float>(half(10.0F / 3.0F)));
}

TEST(Reduce, min_and_max_compare_signed_and_unsigned_values) {
  EXPECT_EQ(reduced<std::int32_t>(ReduceOp::min, -1, 1), -1);
  EXPECT_EQ(reduced<std::int32_t>(ReduceOp::max, -1, 1), 1);
  EXPECT_EQ(reduced<std::uint8_t>(ReduceOp::max, 200, 100), 200);
  EXPECT_EQ(reduced<std::uint16_t>(ReduceOp::max, 40'000, 1), 40'000);
  EXPECT_EQ(reduced<std::uint32_t>(ReduceOp::min, 3'000'000'000U, 1), 1U);
  EXPECT_EQ(static_cast<float>(reduced(ReduceOp::min, half(-2), half(1))), -2);
  EXPECT_EQ(static_cast<float>(reduced(ReduceOp::max, bfloat16(-2), bfloat16(1))), 1);
}

TEST(Reduce, a_nan_wins_on_either_side) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const ReduceOp op : all_ops) {
    EXPECT_TRUE(std::isnan(reduced(op, nan, 1.0F)));
    EXPECT_TRUE(std::isnan(reduced(op, 1.0F, nan)));
    EXPECT_TRUE(std::isnan(static_cast<float>(reduced(op, half(1), half(nan)))));
    EXPECT_TRUE(std::isnan(static_cast<float>(reduced(op, bfloat16(nan), bfloat16(1)))));
  }
}

TEST(CopyBytes, copies_any_length_from_and_to_any_address) {
  std::mt19937 random(1);
  for (const std::size_t bytes : {0U, 1U, 63U, 64U, 65U, 1000U, 10007U})
    for (const std::size_t offset : {0U, 1U, 40U}) {
      Buffer from(bytes, 5);
      for (std::byte& byte : from.span())
        byte = static_cast<std::byte>(random());
      test::for_each_target([&] {
        for (const Stores stores : all_stores) {
          Buffer to(bytes, offset);
          copy_bytes(from.span(), to.span(), stores);
          EXPECT_TRUE(std::ranges::equal(to.span(), from.span()));
          EXPECT_TRUE(to.canaries_live());
        }
      });
    }
}

}  // namespace
}  // namespace rondo::comm
