// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"

#include "comm/algorithms/catalogue.hpp"
#include "support/collective_checks.hpp"
#include "support/counting_transport.hpp"
#include "support/fewer_cases.hpp"
#include "support/run_task.hpp"

namespace rondo::comm::algorithms {
namespace {

using test::expect_reduction;
using test::planted_data;
using test::run_task;
using testing::HasSubstr;

/// Segments of a few elements, and not all receives ahead: the paths that large data takes.
constexpr Segmentation segmentations[] = {{.segment_bytes = 1, .receives_ahead = 1},
                                          {.segment_bytes = 24, .receives_ahead = 3},
                                          {.segment_bytes = 64, .receives_ahead = 100},
                                          {}};

/// Reductions of which planted integers give exact results.
std::vector<Reduction> exact_reductions() {
  std::vector<Reduction> reductions;
  for (const DType dtype : test::all_dtypes) {
    for (const ReduceOp op : test::all_ops)
      reductions.push_back({dtype, op, Wire::exact});
  }
  for (const ReduceOp op : {ReduceOp::sum, ReduceOp::min, ReduceOp::max}) {
    reductions.push_back({DType::f32, op, Wire::bf16});
    reductions.push_back({DType::f32, op, Wire::f16});
  }
  return reductions;
}

/// Calls `check(segmentation, count, reduction)` for every segmentation and count up to `largest`;
/// all reductions take their turns, so that all ranks see the same sequence and the sum of all
/// cases is small.
template <class Check>
void for_each_case(int size, std::size_t largest, Check check) {
  const auto reductions = exact_reductions();
  std::size_t turn = static_cast<std::size_t>(size) * 11;
  for (const Segmentation& segmentation : segmentations) {
    if (size > 8 && segmentation.segment_bytes == 1) continue;  // thousands of messages
    for (const std::size_t count : test::edge_counts(size, largest))
      check(segmentation, count, reductions[turn++ % reductions.size()]);
  }
}

std::string describe_case(Algorithm algorithm, const Transport& transport, std::size_t count,
                          const Reduction& reduction, const Segmentation& segmentation) {
  return fmt::format("{} of {} {} {} as {} in {} bytes, {} ahead, on rank {} of {}",
                     name_of(algorithm), name_of(reduction.op), count, name_of(reduction.dtype),
                     name_of(reduction.wire), segmentation.segment_bytes,
                     segmentation.receives_ahead, transport.rank(), transport.size());
}

template <class T>
std::span<std::byte> bytes_of(std::vector<T>& values) {
  return std::as_writable_bytes(std::span(values));
}

class Algorithms : public testing::TestWithParam<int> {};

/// Powers of two and others; with a sanitizer few above 8, each rank being a thread.
std::vector<int> rank_counts() {
  if (rondo::test::is_sanitized) return {1, 2, 3, 4, 5, 6, 7, 8, 13};
  return {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
}

INSTANTIATE_TEST_SUITE_P(ranks, Algorithms, testing::ValuesIn(rank_counts()));

TEST_P(Algorithms, allreduce_equals_the_oracle) {
  run_ranks(GetParam(), [](Transport& transport) {
    for (const Algorithm algorithm : algorithms_for(Collective::allreduce)) {
      for_each_case(
          transport.size(), 53,
          [&](const Segmentation& segmentation, std::size_t count, const Reduction& reduction) {
            dispatch(reduction.dtype, [&]<class T>(std::type_identity<T>) {
              auto data = planted_data<T>(transport.rank(), count);
              run_task(transport, [&](Channel& channel) {
                return allreduce(channel, algorithm, bytes_of(data), reduction, segmentation);
              });
              expect_reduction(data, reduction.op, transport.size(), 0,
                               describe_case(algorithm, transport, count, reduction, segmentation));
            });
          });
    }
  });
}

TEST_P(Algorithms, reduce_scatter_equals_the_oracle_and_leaves_its_input_alone) {
  run_ranks(GetParam(), [](Transport& transport) {
    const auto size = static_cast<std::size_t>(transport.size());
    const auto rank = static_cast<std::size_t>(transport.rank());
    for (const Algorithm algorithm : algorithms_for(Collective::reduce_scatter)) {
      for_each_case(
          transport.size(), 19,
          [&](const Segmentation& segmentation, std::size_t count, const Reduction& reduction) {
            dispatch(reduction.dtype, [&]<class T>(std::type_identity<T>) {
              const auto input = planted_data<T>(transport.rank(), count * size);
              auto used = input;
              std::vector<T> output(count);
              run_task(transport, [&](Channel& channel) {
                return reduce_scatter(channel, algorithm, bytes_of(used), bytes_of(output),
                                      reduction, segmentation);
              });
              const auto what = describe_case(algorithm, transport, count, reduction, segmentation);
              expect_reduction(output, reduction.op, transport.size(), count * rank, what);
              EXPECT_TRUE(std::ranges::equal(bytes_of(used), std::as_bytes(std::span(input))))
                  << what;
            });
          });
    }
  });
}

TEST_P(Algorithms, allgather_moves_every_byte) {
  run_ranks(GetParam(), [](Transport& transport) {
    for (const Algorithm algorithm : algorithms_for(Collective::allgather)) {
      for_each_case(transport.size(), 53,
                    [&](const Segmentation& segmentation, std::size_t count, const Reduction&) {
                      const auto whole = planted_data<std::uint8_t>(0, count);
                      auto expected = whole;
                      std::vector<std::uint8_t> data(count);
                      const Blocks from(bytes_of(expected), 1, transport.size());
                      const Blocks blocks(bytes_of(data), 1, transport.size());
                      std::ranges::copy(from[transport.rank()], blocks[transport.rank()].begin());
                      run_task(transport, [&](Channel& channel) {
                        return allgather(channel, algorithm, blocks, segmentation);
                      });
                      EXPECT_EQ(data, whole)
                          << describe_case(algorithm, transport, count, {}, segmentation);
                    });
    }
  });
}

TEST_P(Algorithms, broadcast_moves_every_byte_from_every_root) {
  run_ranks(GetParam(), [](Transport& transport) {
    int root = 0;
    for (const Algorithm algorithm : algorithms_for(Collective::broadcast)) {
      for_each_case(transport.size(), 53,
                    [&](const Segmentation& segmentation, std::size_t count, const Reduction&) {
                      root = (root + 1) % transport.size();
                      auto data = planted_data<std::uint8_t>(transport.rank(), count);
                      run_task(transport, [&](Channel& channel) {
                        return broadcast(channel, algorithm, bytes_of(data), root, segmentation);
                      });
                      EXPECT_EQ(data, planted_data<std::uint8_t>(root, count))
                          << describe_case(algorithm, transport, count, {}, segmentation)
                          << " from " << root;
                    });
    }
  });
}

/// Positive numbers of many magnitudes; f16 holds their sums.
std::vector<float> uneven_data(int rank, std::size_t count) {
  std::vector<float> data(count);
  for (std::size_t i = 0; i < count; ++i)
    data[i] = 1.0F / static_cast<float>(1 + (i * 31 + static_cast<std::size_t>(rank) * 7) % 97);
  return data;
}

constexpr Wire all_wires[] = {Wire::exact, Wire::bf16, Wire::f16};

/// Half a unit in the last place, relative to the value.
double rounding_of(Wire wire) {
  if (wire == Wire::exact) return 0;
  return wire == Wire::bf16 ? std::ldexp(1.0, -8) : std::ldexp(1.0, -11);
}

void expect_close(const std::vector<float>& actual, const Reduction& reduction, int size,
                  int roundings, std::size_t offset, const std::string& what) {
  const double unit = rounding_of(reduction.wire);
  for (std::size_t i = 0; i < actual.size(); ++i) {
    double expected = 0;
    for (int rank = 0; rank < size; ++rank)
      expected += uneven_data(rank, offset + i + 1).back();
    if (reduction.op == ReduceOp::avg) expected /= size;
    const double bound = expected * (std::pow(1 + unit, roundings) - 1 + size * 1.2e-7);
    EXPECT_LE(std::abs(actual[i] - expected), bound) << what << ", element " << i;
  }
}

/// Bits of every case's result on every rank, in the order of the cases.
using Results = std::vector<std::vector<std::uint32_t>>;

/// Calls `body(algorithm, reduction)` for every allreduce algorithm, wire and op.
template <class Body>
void for_each_f32_allreduce(std::span<const ReduceOp> ops, Body body) {
  for (const Algorithm algorithm : algorithms_for(Collective::allreduce)) {
    for (const Wire wire : all_wires) {
      for (const ReduceOp op : ops)
        body(algorithm, Reduction{DType::f32, op, wire});
    }
  }
}

void append_bits(const std::vector<float>& values, std::vector<std::uint32_t>& bits) {
  for (const float value : values)
    bits.push_back(std::bit_cast<std::uint32_t>(value));
}

TEST_P(Algorithms, allreduce_of_rounded_numbers_is_close_and_has_the_same_bits_on_all_ranks) {
  constexpr ReduceOp ops[] = {ReduceOp::sum, ReduceOp::avg};
  const int size = GetParam();
  Results results(static_cast<std::size_t>(size));
  run_ranks(size, [&](Transport& transport) {
    for_each_f32_allreduce(ops, [&](Algorithm algorithm, const Reduction& reduction) {
      auto data = uneven_data(transport.rank(), 29);
      run_task(transport, [&](Channel& channel) {
        return allreduce(channel, algorithm, bytes_of(data), reduction, segmentations[1]);
      });
      expect_close(data, reduction, size, most_roundings(algorithm, size), 0,
                   describe_case(algorithm, transport, 29, reduction, segmentations[1]));
      append_bits(data, results[static_cast<std::size_t>(transport.rank())]);
    });
  });
  EXPECT_THAT(results, testing::Each(results[0]));
}

TEST_P(Algorithms, reduce_scatter_of_rounded_numbers_is_close) {
  run_ranks(GetParam(), [](Transport& transport) {
    const int size = transport.size();
    for (const Algorithm algorithm : algorithms_for(Collective::reduce_scatter)) {
      for (const Wire wire : all_wires) {
        const Reduction reduction{DType::f32, ReduceOp::avg, wire};
        auto input = uneven_data(transport.rank(), 7 * static_cast<std::size_t>(size));
        std::vector<float> output(7);
        run_task(transport, [&](Channel& channel) {
          return reduce_scatter(channel, algorithm, bytes_of(input), bytes_of(output), reduction,
                                segmentations[1]);
        });
        expect_close(output, reduction, size, most_roundings(algorithm, size),
                     7 * static_cast<std::size_t>(transport.rank()),
                     describe_case(algorithm, transport, 7, reduction, segmentations[1]));
      }
    }
  });
}

/// Most elements are NaN on several ranks, with different payloads.
TEST_P(Algorithms, allreduce_of_nans_has_the_same_bits_on_all_ranks) {
  const int size = GetParam();
  Results results(static_cast<std::size_t>(size));
  run_ranks(size, [&](Transport& transport) {
    const auto rank = static_cast<std::uint32_t>(transport.rank());
    for_each_f32_allreduce(test::all_ops, [&](Algorithm algorithm, const Reduction& reduction) {
      std::vector<std::uint32_t> bits(19);
      for (std::uint32_t i = 0; i < bits.size(); ++i)
        bits[i] = (i + rank) % 3 == 0 ? 0x3f800000U : 0x7fc00000U | (rank << 17U) | i;
      run_task(transport, [&](Channel& channel) {
        return allreduce(channel, algorithm, bytes_of(bits), reduction, segmentations[1]);
      });
      results[rank].insert(results[rank].end(), bits.begin(), bits.end());
    });
  });
  EXPECT_THAT(results, testing::Each(results[0]));
}

/// The bytes that each rank sends in an allreduce of `bytes`, by rank.
std::vector<std::size_t> traffic(int size, Algorithm algorithm, std::size_t bytes, Wire wire) {
  std::vector<std::size_t> sent(static_cast<std::size_t>(size));
  run_ranks(size, [&](Transport& transport) {
    test::CountingTransport counting(transport);
    std::vector<float> data(bytes / sizeof(float));
    run_task(counting, [&](Channel& channel) {
      return allreduce(channel, algorithm, bytes_of(data), {DType::f32, ReduceOp::sum, wire},
                       {.segment_bytes = 256});
    });
    sent[static_cast<std::size_t>(transport.rank())] = counting.bytes_sent();
  });
  return sent;
}

TEST(Traffic, of_ring_and_direct_is_the_least_possible) {
  for (const Algorithm algorithm : {Algorithm::ring, Algorithm::direct}) {
    EXPECT_THAT(traffic(6, algorithm, 2400, Wire::exact), testing::Each(4000U));
    EXPECT_THAT(traffic(6, algorithm, 2400, Wire::bf16), testing::Each(2000U));
  }
}

TEST(Traffic, of_algorithms_in_powers_of_two_is_as_documented) {
  EXPECT_THAT(traffic(8, Algorithm::rabenseifner, 3200, Wire::exact), testing::Each(5600U));
  EXPECT_THAT(traffic(8, Algorithm::recursive_doubling, 3200, Wire::f16), testing::Each(4800U));
}

TEST(Traffic, along_two_trees_is_at_most_twice_the_data) {
  for (const int size : {2, 5, 8, 13})
    EXPECT_THAT(traffic(size, Algorithm::pipelined_tree, 4000, Wire::exact),
                testing::Each(testing::Le(8000U + 4000U * (size % 2 == 0 ? 1U : 0U))));
}

TEST(Catalogue, refuses_what_a_collective_lacks_and_lists_what_it_has) {
  EXPECT_NO_THROW(require_algorithm(Collective::allreduce, Algorithm::pipelined_tree));
  try {
    require_algorithm(Collective::broadcast, Algorithm::ring);
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_THAT(e.what(), HasSubstr("broadcast has no algorithm ring: choose one of tree, "
                                    "pipelined_tree"));
  }
  EXPECT_THROW(require_algorithm(Collective::allreduce, Algorithm::shared), UsageError);
}

TEST(Catalogue, several_operations_of_different_algorithms_are_in_flight) {
  for (const Progress progress : {Progress::caller, Progress::thread}) {
    run_ranks(3,
              [](Communicator& comm) {
                std::vector<std::vector<float>> data;
                std::vector<std::unique_ptr<Work>> works;
                for (const Algorithm algorithm : algorithms_for(Collective::allreduce)) {
                  data.push_back(planted_data<float>(comm.rank(), 1001));
                  works.push_back(comm.allreduce(bytes_of(data.back()), DType::f32, ReduceOp::sum,
                                                 {.algorithm = algorithm, .wire = Wire::bf16}));
                }
                for (const auto& work : works)
                  wait(comm, *work);
                for (const auto& result : data)
                  expect_reduction(result, ReduceOp::sum, 3, 0, "of several in flight");
              },
              {.time_limit = std::chrono::seconds(30), .progress = progress});
  }
}

}  // namespace
}  // namespace rondo::comm::algorithms
