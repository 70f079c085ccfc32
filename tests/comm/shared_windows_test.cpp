// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "comm/shared_ranks.hpp"
#include "comm/shm/segment.hpp"
#include "support/collective_checks.hpp"

/// Memory that ranks of a node allocate together.
namespace rondo::comm {
namespace {

using test::describe_case;
using test::expect_reduction;
using test::planted_data;

class Windows : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(one_to_nine, Windows, testing::Range(1, 10));

TEST_P(Windows, equal_the_oracle_in_and_out_of_place) {
  run_node(GetParam(), [](Communicator& comm) {
    const std::size_t largest = 9'001;
    const auto memory = comm.allocate(2 * largest * sizeof(double) + 64);
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{4'099}, largest}) {
      test::for_each_reduction([&]<class T>(std::type_identity<T>, ReduceOp op) {
        const auto planted = planted_data<T>(comm.rank(), count);
        const auto input = elements<T>(*memory, 1, count);
        const auto output = elements<T>(*memory, 1 + count, count);
        std::ranges::copy(planted, input.begin());
        const auto name =
            describe_case("allreduce", comm.rank(), comm.size(), count, dtype_of<T>, op);

        allreduce(comm, std::span<const T>(input), output, op);
        expect_reduction(std::vector<T>(output.begin(), output.end()), op, comm.size(), 0, name);
        EXPECT_TRUE(std::ranges::equal(std::as_bytes(input), std::as_bytes(std::span(planted))))
            << name << ": the input changed";

        allreduce(comm, input, op);
        expect_reduction(std::vector<T>(input.begin(), input.end()), op, comm.size(), 0, name);
      });
    }
  });
}

TEST_P(Windows, serve_the_other_collectives) {
  run_node(GetParam(), [](Communicator& comm) {
    const auto size = static_cast<std::size_t>(comm.size());
    const auto rank = static_cast<std::size_t>(comm.rank());
    const std::size_t count = 9'001;
    const auto memory = comm.allocate((size + 1) * count * sizeof(float));
    const auto blocks = elements<float>(*memory, 0, size * count);
    const auto block = elements<float>(*memory, size * count, count);

    std::ranges::copy(planted_data<float>(comm.rank(), size * count), blocks.begin());
    reduce_scatter(comm, std::span<const float>(blocks), block, ReduceOp::avg);
    expect_reduction(std::vector<float>(block.begin(), block.end()), ReduceOp::avg, comm.size(),
                     count * rank, "reduce_scatter");

    std::ranges::copy(planted_data<float>(comm.rank(), count), block.begin());
    allgather(comm, std::span<const float>(block), blocks);
    for (int r = 0; r < comm.size(); ++r)
      EXPECT_TRUE(std::ranges::equal(blocks.subspan(static_cast<std::size_t>(r) * count, count),
                                     planted_data<float>(r, count)));

    for (int root = 0; root < comm.size(); ++root) {
      std::ranges::copy(planted_data<float>(comm.rank(), count), block.begin());
      broadcast(comm, block, root);
      EXPECT_TRUE(std::ranges::equal(block, planted_data<float>(root, count)));
    }
  });
}

TEST_P(Windows, of_some_ranks_meet_private_buffers_of_others) {
  run_node(GetParam(), [](Communicator& comm) {
    const std::size_t count = 50'021;
    const auto memory = comm.allocate(count * sizeof(float));
    auto own = planted_data<float>(comm.rank(), count);
    const auto window = elements<float>(*memory, 0, count);
    std::ranges::copy(own, window.begin());
    const auto data = comm.rank() % 2 == 0 ? window : std::span<float>(own);

    allreduce(comm, data, ReduceOp::sum);

    expect_reduction(std::vector<float>(data.begin(), data.end()), ReduceOp::sum, comm.size(), 0,
                     "allreduce of mixed memory");
  });
}

TEST(SharedMemory, windows_come_and_go) {
  run_node(3, [](Communicator& comm) {
    std::unique_ptr<Memory> kept = comm.allocate(100'000);
    for (int k = 0; k < 50; ++k) {
      const auto memory = comm.allocate(1'000'000);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory->bytes().data()) % (2U << 20), 0U);
      EXPECT_EQ(memory->bytes()[999'999], std::byte{0});
      const auto data = elements<int>(*memory, 0, 10'000);
      std::ranges::copy(planted_data<int>(comm.rank(), data.size()), data.begin());
      allreduce(comm, data, ReduceOp::sum);
      expect_reduction(std::vector<int>(data.begin(), data.end()), ReduceOp::sum, 3, 0, "window");
    }
    const auto data = elements<int>(*kept, 0, 10'000);
    std::ranges::copy(planted_data<int>(comm.rank(), data.size()), data.begin());
    allreduce(comm, data, ReduceOp::sum);
    expect_reduction(std::vector<int>(data.begin(), data.end()), ReduceOp::sum, 3, 0, "kept");
  });
}

TEST(SharedMemory, ranks_may_allocate_different_lengths_and_nothing) {
  run_node(3, [](Communicator& comm) {
    const auto bytes = static_cast<std::size_t>(comm.rank()) * 5'000;
    const auto memory = comm.allocate(bytes);
    EXPECT_EQ(memory->bytes().size(), bytes);
  });
}

TEST_P(Windows, are_reached_by_all_ranks_between_two_barriers) {
  run_node(GetParam(), [](Communicator& comm) {
    const auto memory = comm.allocate(100'000);
    const auto size = static_cast<std::size_t>(comm.size());
    const auto rank = static_cast<std::size_t>(comm.rank());
    EXPECT_EQ(memory->peers().size(), size > 1 ? size : 0);
    if (size == 1) return;

    barrier(comm);
    for (const std::span<std::byte> peer : memory->peers())
      peer[rank] = static_cast<std::byte>(rank + 1);
    barrier(comm);

    EXPECT_EQ(memory->peers()[rank].data(), memory->bytes().data());
    for (std::size_t r = 0; r < size; ++r)
      EXPECT_EQ(memory->bytes()[r], static_cast<std::byte>(r + 1)) << "rank " << r << "'s mark";
  });
}

TEST(SharedMemory, is_not_shown_across_nodes) {
  run_ranks(
      4, [](Communicator& comm) { EXPECT_TRUE(comm.allocate(100)->peers().empty()); }, patient, 2);
  run_node(2, [](Communicator& comm) { EXPECT_TRUE(comm.allocate(100)->peers().empty()); },
           {.time_limit = std::chrono::seconds(30), .shared_memory = false});
}

TEST(SharedMemory, of_others_stays_mapped_while_ones_own_lives) {
  run_node(2, [](Communicator& comm) {
    auto other = comm.allocate(100'000);
    if (comm.rank() == 1) other.reset();
    const auto later = comm.allocate(1);  // windows that were given back are forgotten here
    if (comm.rank() == 0) {
      EXPECT_EQ(other->peers()[1][0], std::byte{0});
    }
  });
}

TEST(Segment, a_wrong_token_is_refused) {
  auto handle = Segment::create(100)->handle();
  const auto kept = Segment::create(100);
  handle = kept->handle();
  handle.token += 1;
  EXPECT_THROW(Segment::attach(handle), CommError);
}

}  // namespace
}  // namespace rondo::comm
