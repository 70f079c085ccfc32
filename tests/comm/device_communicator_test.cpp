// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Collectives on GPU memory, by NCCL, by messages and through the host: on GPUs, and on fakes.
#include "rondo/comm/device_communicator.hpp"

#include <numeric>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/comm/inproc.hpp"

#include "comm/cuda_aware/cuda_aware_communicator.hpp"
#include "support/gpu_arrays.hpp"
#include "support/lane_checks.hpp"
#include "support/rank_devices.hpp"

namespace rondo::comm {
namespace {

/// What a rank of a test has.
struct Rank {
  Communicator& host;
  Device& device;
  DeviceStream& stream;
  DeviceCommunicator& comm;

  template <class T>
  test::OnGpu<T> on_gpu(const std::vector<T>& values) {
    return {device, stream, values};
  }
  /// Through the communicator's wait.
  template <class T>
  std::vector<T> read(DeviceSpan<const T> memory) {
    std::vector<T> values(memory.size());
    copy(stream, memory, std::span<T>(values));
    comm.wait(stream);
    return values;
  }
};

/// Threads' messages take GPU memory only where that is the host's. Pieces that nothing fits into
/// at once.
std::unique_ptr<DeviceCommunicator> make_by(DevicePath path, Communicator& host,
                                            const Device& device) {
  if (path != DevicePath::cuda_aware)
    return make_device_communicator(host, device, {.path = path, .piece_bytes = 512});
  return std::make_unique<CudaAwareCommunicator>(host.open_transport(), host.place(), device,
                                                 host.time_limit(), "a test");
}

class DeviceCollectives : public testing::TestWithParam<DevicePath> {
 protected:
  void SetUp() override {
    if (GetParam() == DevicePath::cuda_aware && !test::host_has_the_gpus_memory())
      GTEST_SKIP() << "threads send each other the host's memory only";
  }

  /// On 1 to 4 ranks. Those of NCCL need a GPU each.
  static void on_all_ranks(const std::function<void(Rank&)>& body) {
    for (const int ranks : {1, 2, 3, 4}) {
      if (GetParam() == DevicePath::nccl && ranks > test::most_ranks_with_gpus()) break;
      run_ranks(ranks, [&](Communicator& host) {
        SCOPED_TRACE(fmt::format("rank {} of {}", host.rank(), host.size()));
        Device device = test::device_of_rank(host.rank());
        DeviceStream stream(device);
        const auto comm = make_by(GetParam(), host, device);
        Rank rank{host, device, stream, *comm};
        body(rank);
        comm->wait(stream);
        comm->close();
      });
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Paths, DeviceCollectives,
                         testing::Values(DevicePath::nccl, DevicePath::cuda_aware,
                                         DevicePath::host_staged),
                         [](const auto& path) { return std::string(name_of(path.param)); });

constexpr std::size_t counts[] = {0, 1, 2, 3, 5, 129, 1001};

/// Small whole numbers: every sum is exact in every type.
template <class T>
std::vector<T> numbers(std::size_t count, int seed) {
  std::vector<T> values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(T(static_cast<float>((i * 7 + static_cast<std::size_t>(seed) * 3) % 11)));
  return values;
}

template <class T>
std::vector<T> sum_of_numbers(std::size_t count, int ranks) {
  std::vector<T> sums(count, T(0.0F));
  for (int rank = 0; rank < ranks; ++rank) {
    const auto values = numbers<T>(count, rank);
    for (std::size_t i = 0; i < count; ++i)
      sums[i] = T(static_cast<float>(sums[i]) + static_cast<float>(values[i]));
  }
  return sums;
}

template <class T>
std::vector<T> block(const std::vector<T>& values, int index, int blocks) {
  const auto length = static_cast<std::ptrdiff_t>(values.size()) / blocks;
  return {values.begin() + index * length, values.begin() + (index + 1) * length};
}

template <class T>
void expect_allreduce(Rank& rank, std::size_t count) {
  auto data = rank.on_gpu(numbers<T>(count, rank.host.rank()));

  allreduce_sum(rank.comm, rank.stream, data.span());

  EXPECT_TRUE(
      test::same_bits(rank.read<T>(data.span()), sum_of_numbers<T>(count, rank.host.size())));
}

TEST_P(DeviceCollectives, allreduce_sums) {
  on_all_ranks([](Rank& rank) {
    for (const std::size_t count : counts) {
      expect_allreduce<float>(rank, count);
      expect_allreduce<half>(rank, count);
      expect_allreduce<bfloat16>(rank, count);
      expect_allreduce<double>(rank, count);
    }
  });
}

template <class T>
void expect_reduce_scatter(Rank& rank, std::size_t count) {
  const int ranks = rank.host.size();
  const std::size_t whole = count * static_cast<std::size_t>(ranks);
  auto input = rank.on_gpu(numbers<T>(whole, rank.host.rank()));
  auto output = rank.on_gpu(std::vector<T>(count));

  reduce_scatter_sum<T>(rank.comm, rank.stream, input.span(), output.span());

  EXPECT_TRUE(test::same_bits(rank.read<T>(output.span()),
                              block(sum_of_numbers<T>(whole, ranks), rank.host.rank(), ranks)));
}

TEST_P(DeviceCollectives, reduce_scatter_sums_blocks) {
  on_all_ranks([](Rank& rank) {
    for (const std::size_t count : counts) {
      expect_reduce_scatter<float>(rank, count);
      expect_reduce_scatter<bfloat16>(rank, count);
    }
  });
}

TEST_P(DeviceCollectives, allgather_gathers_blocks) {
  on_all_ranks([](Rank& rank) {
    for (const std::size_t count : counts) {
      auto input = rank.on_gpu(numbers<float>(count, rank.host.rank()));
      auto output =
          rank.on_gpu(std::vector<float>(count * static_cast<std::size_t>(rank.host.size())));
      allgather<float>(rank.comm, rank.stream, input.span(), output.span());
      const auto found = rank.read<float>(output.span());
      for (int from = 0; from < rank.host.size(); ++from)
        EXPECT_TRUE(
            test::same_bits(block(found, from, rank.host.size()), numbers<float>(count, from)));
    }
  });
}

TEST_P(DeviceCollectives, own_blocks_may_lie_in_place) {
  on_all_ranks([](Rank& rank) {
    const int ranks = rank.host.size();
    const auto own = static_cast<std::size_t>(rank.host.rank());
    // The last is moved in several pieces.
    for (const std::size_t count : {0U, 1U, 129U, 5000U}) {
      const std::size_t whole = count * static_cast<std::size_t>(ranks);
      auto data = rank.on_gpu(numbers<float>(whole, rank.host.rank()));
      const auto mine = data.span().subspan(own * count, count);
      reduce_scatter_sum<float>(rank.comm, rank.stream, data.span(), mine);
      allgather<float>(rank.comm, rank.stream, mine, data.span());
      EXPECT_TRUE(
          test::same_bits(rank.read<float>(data.span()), sum_of_numbers<float>(whole, ranks)));
      if (count == 0 || ranks == 1) continue;
      const auto askew = data.span().subspan(own == 0 ? 1 : 0, count);
      EXPECT_THROW(allgather<float>(rank.comm, rank.stream, askew, data.span()), UsageError);
    }
  });
}

TEST_P(DeviceCollectives, broadcast_spreads_the_roots_data) {
  on_all_ranks([](Rank& rank) {
    for (const std::size_t count : counts) {
      for (int root = 0; root < rank.host.size(); ++root) {
        auto data = rank.on_gpu(numbers<half>(count, rank.host.rank()));
        broadcast(rank.comm, rank.stream, data.span(), root);
        EXPECT_TRUE(test::same_bits(rank.read<half>(data.span()), numbers<half>(count, root)));
      }
    }
  });
}

std::size_t slice_length(int from, int to) {
  return static_cast<std::size_t>(from) * 300 + static_cast<std::size_t>(to) * 7;
}

TEST_P(DeviceCollectives, exchange_moves_slices_of_any_length) {
  on_all_ranks([](Rank& rank) {
    std::vector<test::OnGpu<float>> outgoing;
    std::vector<test::OnGpu<float>> incoming;
    std::vector<DeviceSpan<const std::byte>> sent;
    std::vector<DeviceSpan<std::byte>> received;
    const int own = rank.host.rank();
    for (int peer = 0; peer < rank.host.size(); ++peer) {
      outgoing.push_back(rank.on_gpu(numbers<float>(slice_length(own, peer), 10 * own + peer)));
      incoming.push_back(rank.on_gpu(std::vector<float>(slice_length(peer, own))));
      sent.push_back(detail::device_bytes<float>(outgoing.back().span()));
      received.push_back(detail::writable_device_bytes(incoming.back().span()));
    }

    rank.comm.exchange(rank.stream, sent, received);

    for (int peer = 0; peer < rank.host.size(); ++peer)
      EXPECT_TRUE(test::same_bits(rank.read<float>(incoming[static_cast<std::size_t>(peer)].span()),
                                  numbers<float>(slice_length(peer, own), 10 * peer + own)));
  });
}

TEST_P(DeviceCollectives, a_group_is_as_its_calls_one_by_one) {
  on_all_ranks([](Rank& rank) {
    std::vector<test::OnGpu<float>> buckets;
    for (const std::size_t count : counts)
      buckets.push_back(rank.on_gpu(numbers<float>(count, rank.host.rank())));

    rank.comm.grouped([&] {
      for (auto& bucket : buckets)
        allreduce_sum(rank.comm, rank.stream, bucket.span());
    });

    for (std::size_t k = 0; k < buckets.size(); ++k)
      EXPECT_TRUE(test::same_bits(rank.read<float>(buckets[k].span()),
                                  sum_of_numbers<float>(counts[k], rank.host.size())));
  });
}

TEST_P(DeviceCollectives, runs_behind_what_the_stream_was_given_and_before_what_follows) {
  on_all_ranks([](Rank& rank) {
    const auto values = numbers<float>(1001, rank.host.rank());
    DeviceMemory<float> data(rank.device, values.size(), "a test");
    std::vector<float> found(values.size());

    copy<float>(rank.stream, values, data.span());
    allreduce_sum(rank.comm, rank.stream, data.span());
    allreduce_sum(rank.comm, rank.stream, data.span());
    copy<float>(rank.stream, data.span(), std::span(found));
    clear(rank.stream, data.span());
    rank.comm.wait(rank.stream);

    auto expected = sum_of_numbers<float>(values.size(), rank.host.size());
    for (float& value : expected)
      value *= static_cast<float>(rank.host.size());
    EXPECT_TRUE(test::same_bits(found, expected));
  });
}

TEST_P(DeviceCollectives, memory_is_zeroed_and_may_outlive_the_communicator) {
  std::vector<std::unique_ptr<DeviceArena>> kept(4);
  on_all_ranks([&](Rank& rank) {
    auto arena = rank.comm.allocate(1000, "a test's arena");
    EXPECT_EQ(rank.read<std::byte>(arena->bytes()), std::vector<std::byte>(1000));
    EXPECT_TRUE(rank.comm.allocate(0, "nothing")->bytes().empty());
    kept[static_cast<std::size_t>(rank.host.rank())] = std::move(arena);
  });
  kept.clear();
}

TEST_P(DeviceCollectives, refuse_what_does_not_fit) {
  on_all_ranks([](Rank& rank) {
    auto data = rank.on_gpu(std::vector<float>(8));
    auto longer = rank.on_gpu(std::vector<float>(100));
    auto integers = rank.on_gpu(std::vector<std::int32_t>(8));
    EXPECT_THROW(reduce_scatter_sum<float>(rank.comm, rank.stream, data.span(), longer.span()),
                 UsageError);
    EXPECT_THROW(allgather<float>(rank.comm, rank.stream, longer.span(), data.span()), UsageError);
    EXPECT_THROW(broadcast(rank.comm, rank.stream, data.span(), rank.host.size()), UsageError);
    EXPECT_THROW(allreduce_sum(rank.comm, rank.stream, integers.span()), UsageError);
    EXPECT_THROW(rank.comm.start(rank.stream, {.collective = Collective::barrier}), UsageError);
    EXPECT_THROW(rank.comm.exchange(rank.stream, {}, {}), UsageError);
    EXPECT_THROW(allreduce_lanes(rank.comm, rank.stream, {}, 4, data.span()), UsageError);
  });
}

/// This rank's lanes, added on its GPU.
DeviceLaneTreeSum lane_sums(Rank& rank, std::size_t lanes, std::size_t count) {
  const LaneRange range = lane_range(rank.host.rank(), rank.host.size(), lanes);
  DeviceLaneTreeSum sum(rank.device, range, lanes, count);
  for (std::size_t lane = range.begin; lane < range.end; ++lane) {
    std::vector<float> values(count);
    test::plant_lane(lane, values);
    auto memory = rank.on_gpu(values);
    sum.add(rank.stream, lane, memory.span());
    rank.stream.wait();
  }
  return sum;
}

/// By Communicator, in the host's memory.
std::vector<float> sum_on_cpu(Communicator& host, std::size_t lanes, std::size_t count) {
  const LaneRange range = lane_range(host.rank(), host.size(), lanes);
  LaneTreeSum sum(lanes, count);
  std::vector<float> values(count);
  for (std::size_t lane = range.begin; lane < range.end; ++lane) {
    test::plant_lane(lane, values);
    sum.add(lane, values);
  }
  std::vector<float> result(count);
  const auto nodes = sum.nodes();
  wait(host, *host.allreduce_lanes(nodes, lanes, result));
  return result;
}

std::uint64_t hash_of(const std::vector<float>& values) {
  return content_hash(std::as_bytes(std::span(values)));
}

TEST_P(DeviceCollectives, sums_over_lanes_have_the_cpus_bits_on_any_number_of_ranks) {
  on_all_ranks([](Rank& rank) {
    for (const std::size_t lanes : {1U, 3U, 4U, 7U, 12U, 30U}) {
      for (const std::size_t count : counts) {
        SCOPED_TRACE(fmt::format("{} lanes, {} values", lanes, count));
        auto sums = lane_sums(rank, lanes, count);
        auto result = rank.on_gpu(std::vector<float>(count));

        allreduce_lanes(rank.comm, rank.stream, sums.nodes(), lanes, result.span());

        const auto found = rank.read<float>(result.span());
        EXPECT_EQ(hash_of(found), hash_of(sum_on_cpu(rank.host, lanes, count)));
        EXPECT_TRUE(test::same_bits(found, test::tree_values({0, lanes}, 0, count)));
      }
    }
  });
}

TEST_P(DeviceCollectives, scattered_sums_over_lanes_are_parts_of_the_whole_one) {
  on_all_ranks([](Rank& rank) {
    for (const std::size_t lanes : {1U, 7U, 12U}) {
      for (const std::size_t count : counts) {
        const auto ranks = static_cast<std::size_t>(rank.host.size());
        auto sums = lane_sums(rank, lanes, count * ranks);
        auto result = rank.on_gpu(std::vector<float>(count));

        reduce_scatter_lanes(rank.comm, rank.stream, sums.nodes(), lanes, result.span());

        const std::size_t begin = count * static_cast<std::size_t>(rank.host.rank());
        EXPECT_TRUE(test::same_bits(rank.read<float>(result.span()),
                                    test::tree_values({0, lanes}, begin, count)));
      }
    }
  });
}

TEST_P(DeviceCollectives, a_sum_over_lanes_may_take_the_place_of_an_input) {
  on_all_ranks([](Rank& rank) {
    const auto lanes = static_cast<std::size_t>(rank.host.size());
    std::vector<float> values(1001);
    test::plant_lane(static_cast<std::size_t>(rank.host.rank()), values);
    auto data = rank.on_gpu(values);
    const auto lane = static_cast<std::size_t>(rank.host.rank());
    const std::vector<DeviceLaneNode> nodes{{{lane, lane + 1}, data.span()}};

    allreduce_lanes(rank.comm, rank.stream, nodes, lanes, data.span());

    EXPECT_TRUE(test::same_bits(rank.read<float>(data.span()),
                                test::tree_values({0, lanes}, 0, values.size())));
  });
}

TEST_P(DeviceCollectives, a_sum_over_lanes_is_refused_in_a_group) {
  run_ranks(1, [](Communicator& host) {
    Device device;
    DeviceStream stream(device);
    const auto comm = make_by(GetParam(), host, device);
    DeviceMemory<float> data(device, 4, "a test");
    const std::vector<DeviceLaneNode> nodes{{{0, 1}, data.span()}};
    EXPECT_THROW(comm->grouped([&] { allreduce_lanes(*comm, stream, nodes, 1, data.span()); }),
                 UsageError);
  });
}

}  // namespace
}  // namespace rondo::comm
