// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Sums of all ranks' values on a GPU against the CPU's: the same bits.
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "comm/cuda/rank_sum.hpp"
#include "comm/kernels/reduce.hpp"
#include "support/gpu_arrays.hpp"

namespace rondo::comm {
namespace {

template <class T>
std::vector<T> values_of(int rank, std::size_t count) {
  std::vector<T> values;
  for (const float value : test::gpu_floats(count, static_cast<unsigned>(rank), true))
    values.push_back(T(value));
  return values;
}

/// One array a rank, in their order.
template <class T>
std::vector<T> sum_on_cpu(const std::vector<std::vector<T>>& values) {
  std::vector<T> result(values[0].size());
  std::vector<const std::byte*> inputs;
  for (const auto& own : values)
    inputs.push_back(std::as_bytes(std::span(own)).data());
  std::byte* const output = std::as_writable_bytes(std::span(result)).data();
  if (!result.empty())
    reduce_all(dtype_of<T>, ReduceOp::sum, 1, inputs, {&output, 1}, result.size() * sizeof(T),
               Stores::cached);
  return result;
}

template <class T>
const std::byte* bytes_of(DeviceSpan<T> values) {
  return reinterpret_cast<const std::byte*>(values.data());
}

/// `stride` elements between two ranks' values.
template <class T>
void expect_as_on_the_cpu(int ranks, int rank, std::size_t count, std::size_t offset,
                          std::size_t stride) {
  SCOPED_TRACE(std::string(name_of(dtype_of<T>)) + ", rank " + std::to_string(rank) + " of " +
               std::to_string(ranks) + ", count " + std::to_string(count) + ", offset " +
               std::to_string(offset));
  const Device device;
  DeviceStream stream(device);
  std::vector<std::vector<T>> values;
  std::vector<T> others(static_cast<std::size_t>(ranks - 1) * stride);
  for (int peer = 0; peer < ranks; ++peer) {
    values.push_back(values_of<T>(peer, count));
    const auto slot = static_cast<std::size_t>(peer < rank ? peer : peer - 1);
    if (peer != rank)
      std::ranges::copy(values.back(), std::span(others).subspan(slot * stride).begin());
  }
  test::OnGpu<T> own(device, stream, values[static_cast<std::size_t>(rank)], offset);
  test::OnGpu<T> received(device, stream, others, offset);
  test::OnGpu<T> output(device, stream, std::vector<T>(count), offset);
  cuda::RankSum sum{.own = bytes_of(own.span()),
                    .received = bytes_of(received.span()),
                    .stride = stride * sizeof(T),
                    .rank = rank,
                    .ranks = ranks,
                    .output = reinterpret_cast<std::byte*>(output.span().data())};
  const std::vector<T> expected = sum_on_cpu(values);

  cuda::add_ranks(stream, sum, dtype_of<T>, count);
  EXPECT_TRUE(test::same_bits(output.read(), expected));

  sum.output = reinterpret_cast<std::byte*>(own.span().data());
  cuda::add_ranks(stream, sum, dtype_of<T>, count);
  EXPECT_TRUE(test::same_bits(own.read(), expected)) << "in place";
}

template <class T>
class DeviceRankSum : public testing::Test {};
using Types = testing::Types<double, float, half, bfloat16>;
TYPED_TEST_SUITE(DeviceRankSum, Types, );

TYPED_TEST(DeviceRankSum, has_the_cpus_bits_for_any_ranks) {
  for (const int ranks : {1, 2, 3, 5, 8, 67})
    for (const int rank : {0, ranks / 2, ranks - 1})
      expect_as_on_the_cpu<TypeParam>(ranks, rank, 101, 0, 128);
}

TYPED_TEST(DeviceRankSum, has_the_cpus_bits_at_any_length_offset_and_stride) {
  for (const std::size_t count : {0U, 1U, 7U, 257U, 1023U, 5000U})
    for (const std::size_t offset : test::offsets)
      for (const std::size_t gap : {0U, 1U, 8U})
        expect_as_on_the_cpu<TypeParam>(3, 1, count, offset, count + gap);
}

TEST(DeviceRankSums, refuses_what_has_no_sum) {
  const Device device;
  DeviceStream stream(device);
  EXPECT_THROW(cuda::add_ranks(stream, {}, DType::u8, 4), UsageError);
}

}  // namespace
}  // namespace rondo::comm
