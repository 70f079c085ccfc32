// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rondo/base/dtype.hpp"
#include "rondo/comm/communicator.hpp"

#include "support/fewer_cases.hpp"

/// Collectives against a naive oracle. The values are small integers, so that every sum is exact in
/// every dtype and the expected bits are known.
namespace rondo::test {

inline constexpr comm::ReduceOp all_ops[] = {comm::ReduceOp::sum, comm::ReduceOp::avg,
                                             comm::ReduceOp::min, comm::ReduceOp::max};
inline constexpr DType all_dtypes[] = {DType::f32, DType::f64, DType::f16, DType::bf16, DType::i32,
                                       DType::i64, DType::u8,  DType::u16, DType::u32};

/// Element counts at which partitions go wrong.
inline std::vector<std::size_t> edge_counts(int ranks, std::size_t largest = 1001) {
  const auto p = static_cast<std::size_t>(ranks);
  return {0, 1, p - 1, p, p + 1, largest};
}

/// Converts by way of float where T is a short float.
template <class To, class From>
To convert(From value) {
  if constexpr (std::is_same_v<From, half> || std::is_same_v<From, bfloat16>)
    return static_cast<To>(static_cast<float>(value));
  else if constexpr (std::is_same_v<To, half> || std::is_same_v<To, bfloat16>)
    return To(static_cast<float>(value));
  else
    return static_cast<To>(value);
}

/// Element `i` of rank `rank`'s data: -5 to 7, or 0 to 12 where T has no sign.
template <class T>
int planted(int rank, std::size_t i) {
  const int value = static_cast<int>((i * 7 + static_cast<std::size_t>(rank) * 5) % 13);
  return std::is_unsigned_v<T> ? value : value - 5;
}

template <class T>
std::vector<T> planted_data(int rank, std::size_t count, std::size_t offset = 0) {
  std::vector<T> data(count);
  for (std::size_t i = 0; i < count; ++i)
    data[i] = convert<T>(planted<T>(rank, offset + i));
  return data;
}

template <class T>
T expected_reduction(comm::ReduceOp op, int ranks, std::size_t i) {
  int result = planted<T>(0, i);
  for (int rank = 1; rank < ranks; ++rank) {
    const int value = planted<T>(rank, i);
    if (op == comm::ReduceOp::min)
      result = std::min(result, value);
    else if (op == comm::ReduceOp::max)
      result = std::max(result, value);
    else
      result += value;
  }
  if (op != comm::ReduceOp::avg) return convert<T>(result);
  if constexpr (std::is_integral_v<T>)
    return convert<T>(result / ranks);
  else if constexpr (std::is_same_v<T, double>)
    return static_cast<double>(result) / ranks;
  else
    return convert<T>(static_cast<float>(result) / static_cast<float>(ranks));
}

/// Equal values, reported with their first difference.
template <class T>
void expect_reduction(const std::vector<T>& actual, comm::ReduceOp op, int ranks,
                      std::size_t offset, const std::string& what) {
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const T expected = expected_reduction<T>(op, ranks, offset + i);
    if (convert<double>(actual[i]) == convert<double>(expected)) continue;
    ADD_FAILURE() << what << ": element " << i << " is " << convert<double>(actual[i])
                  << ", expected " << convert<double>(expected);
    return;
  }
}

/// `actual` is what `rank` has planted from its element `offset` on.
template <class T>
void expect_planted(std::span<const T> actual, int rank, std::size_t offset,
                    const std::string& what) {
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const T expected = convert<T>(planted<T>(rank, offset + i));
    if (actual[i] == expected) continue;
    ADD_FAILURE() << what << ": element " << i << " is " << actual[i] << ", expected " << expected;
    return;
  }
}

inline std::string describe_case(const char* operation, int rank, int ranks, std::size_t count,
                                 DType dtype, comm::ReduceOp op) {
  return fmt::format("{} of {} {}, op {}, on rank {} of {}", operation, count, name_of(dtype),
                     static_cast<int>(op), rank, ranks);
}

/// Calls `check(std::type_identity<T>{}, op)` for every dtype and op, whose arithmetic has tests of
/// its own: under a sanitizer each comes once.
template <class Check>
void for_each_reduction(Check check) {
  static const auto reductions =
      combinations(Keep::values, std::to_array(all_dtypes), std::to_array(all_ops));
  for (const auto& [dtype, op] : reductions)
    dispatch(dtype, [&, op = op](auto type) { check(type, op); });
}

inline void check_allreduce(comm::Communicator& comm, std::size_t count,
                            comm::CallOptions options = {}) {
  for_each_reduction([&]<class T>(std::type_identity<T>, comm::ReduceOp op) {
    auto data = planted_data<T>(comm.rank(), count);
    comm::allreduce(comm, std::span<T>(data), op, options);
    expect_reduction(data, op, comm.size(), 0,
                     describe_case("allreduce", comm.rank(), comm.size(), count, dtype_of<T>, op));
  });
}

inline void check_reduce_scatter(comm::Communicator& comm, std::size_t count,
                                 comm::CallOptions options = {}) {
  for_each_reduction([&]<class T>(std::type_identity<T>, comm::ReduceOp op) {
    const auto input = planted_data<T>(comm.rank(), count * static_cast<std::size_t>(comm.size()));
    std::vector<T> output(count);
    comm::reduce_scatter(comm, std::span<const T>(input), std::span<T>(output), op, options);
    expect_reduction(
        output, op, comm.size(), count * static_cast<std::size_t>(comm.rank()),
        describe_case("reduce_scatter", comm.rank(), comm.size(), count, dtype_of<T>, op));
  });
}

inline void check_allgather(comm::Communicator& comm, std::size_t count,
                            comm::CallOptions options = {}) {
  const auto input = planted_data<int>(comm.rank(), count);
  std::vector<int> output(count * static_cast<std::size_t>(comm.size()), -99);
  comm::allgather(comm, std::span<const int>(input), std::span<int>(output), options);

  for (int rank = 0; rank < comm.size(); ++rank) {
    const auto block = std::span<const int>(output).subspan(count * static_cast<std::size_t>(rank));
    expect_planted(block.first(count), rank, 0,
                   fmt::format("allgather of {} from {} on {}", count, rank, comm.rank()));
  }
}

inline void check_all_to_all(comm::Communicator& comm, std::size_t count) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  const auto own = static_cast<std::size_t>(comm.rank());
  const auto input = planted_data<int>(comm.rank(), count * ranks);
  std::vector<int> output(input.size(), -99);
  comm::all_to_all(comm, std::span<const int>(input), std::span<int>(output));

  std::vector<int> expected;
  for (int rank = 0; rank < comm.size(); ++rank) {
    const auto theirs = planted_data<int>(rank, count * ranks);
    const auto block = std::span(theirs).subspan(own * count, count);
    expected.insert(expected.end(), block.begin(), block.end());
  }
  EXPECT_EQ(output, expected) << count << " elements on rank " << comm.rank();
}

inline void check_broadcast(comm::Communicator& comm, std::size_t count,
                            comm::CallOptions options = {}) {
  for (int root = 0; root < comm.size(); ++root) {
    auto data = planted_data<int>(comm.rank(), count);
    comm::broadcast(comm, std::span<int>(data), root, options);
    expect_planted(std::span<const int>(data), root, 0,
                   fmt::format("broadcast of {} from {} on {}", count, root, comm.rank()));
  }
}

inline void check_all_collectives(comm::Communicator& comm) {
  for (const std::size_t count : edge_counts(comm.size())) {
    check_allreduce(comm, count);
    check_reduce_scatter(comm, count);
    check_allgather(comm, count);
    check_all_to_all(comm, count);
    check_broadcast(comm, count);
    comm::barrier(comm);
  }
}

}  // namespace rondo::test
