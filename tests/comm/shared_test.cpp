// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"
#include "rondo/comm/tuning.hpp"

#include "comm/inproc/inproc_world.hpp"
#include "comm/make_communicator.hpp"
#include "comm/shm/segment.hpp"
#include "support/collective_checks.hpp"
#include "support/mismatch_checks.hpp"

/// Collectives through the memory of a node: all ranks of these tests are on one.
namespace rondo::comm {
namespace {

using test::describe_case;
using test::expect_reduction;
using test::planted_data;
using testing::HasSubstr;

const CommunicatorOptions patient{.time_limit = std::chrono::seconds(30)};

/// `ranks` ranks on one node.
void run_node(int ranks, const std::function<void(Communicator&)>& body,
              CommunicatorOptions options = patient) {
  run_ranks(ranks, body, options, ranks);
}

/// All dtypes and ops for short data; for more elements than go in one shot, not a whole number of
/// chunks, one of each.
void check_allreduce_of_all_lengths(Communicator& comm) {
  test::check_allreduce(comm, 2'053);
  for (const std::size_t count : {40'009UL, 200'003UL}) {
    auto data = planted_data<float>(comm.rank(), count);
    allreduce(comm, std::span<float>(data), ReduceOp::avg);
    expect_reduction(
        data, ReduceOp::avg, comm.size(), 0,
        describe_case("allreduce", comm.rank(), comm.size(), count, DType::f32, ReduceOp::avg));
  }
}

template <class T>
std::span<T> elements(Memory& memory, std::size_t offset, std::size_t count) {
  return {reinterpret_cast<T*>(memory.bytes().data()) + offset, count};
}

class SharedRanks : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(one_to_nine, SharedRanks, testing::Range(1, 10));

TEST_P(SharedRanks, short_calls_equal_the_oracle) {
  run_node(GetParam(), test::check_all_collectives);
}

TEST_P(SharedRanks, private_buffers_equal_the_oracle) {
  run_node(GetParam(), [](Communicator& comm) {
    check_allreduce_of_all_lengths(comm);
    for (const std::size_t count : {2'053UL, 70'001UL}) {
      test::check_allgather(comm, count);
      test::check_broadcast(comm, count);
    }
    test::check_reduce_scatter(comm, 2'053);
  });
}

TEST_P(SharedRanks, windows_equal_the_oracle_in_and_out_of_place) {
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

TEST_P(SharedRanks, other_collectives_work_in_windows) {
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

TEST_P(SharedRanks, some_ranks_may_use_windows_and_others_private_buffers) {
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

TEST_P(SharedRanks, rounded_sums_have_the_same_bits_on_all_ranks) {
  std::vector<std::vector<float>> results(static_cast<std::size_t>(GetParam()));
  run_node(GetParam(), [&](Communicator& comm) {
    auto& all = results[static_cast<std::size_t>(comm.rank())];
    for (const std::size_t count : {11UL, 5'003UL, 50'021UL}) {
      std::vector<float> data(count);
      for (std::size_t i = 0; i < data.size(); ++i)
        data[i] = 1.0F / static_cast<float>(1 + i + 7 * static_cast<std::size_t>(comm.rank()));
      allreduce(comm, std::span<float>(data), ReduceOp::avg);
      all.insert(all.end(), data.begin(), data.end());
    }
  });
  for (const auto& result : results)
    EXPECT_EQ(result, results[0]);
}

TEST(SharedMemory, many_operations_in_flight_complete_in_order) {
  for (const Progress progress : {Progress::caller, Progress::thread}) {
    run_node(3,
             [](Communicator& comm) {
               std::vector<std::vector<int>> data;
               std::vector<std::unique_ptr<Work>> works;
               for (std::size_t k = 0; k < 40; ++k) {
                 data.push_back(planted_data<int>(comm.rank(), k % 3 == 0 ? 5 : 3'001 * (k % 5)));
                 works.push_back(comm.allreduce(std::as_writable_bytes(std::span(data.back())),
                                                DType::i32, ReduceOp::sum));
               }
               wait(comm, *works.back());
               for (std::size_t k = 0; k < works.size(); ++k) {
                 EXPECT_TRUE(works[k]->done());
                 expect_reduction(data[k], ReduceOp::sum, 3, 0, "in flight");
               }
             },
             {.time_limit = std::chrono::seconds(30), .progress = progress});
  }
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

TEST(SharedMemory, ranks_that_disagree_see_both_calls_and_keep_their_data) {
  for (const auto& mismatch : test::mismatches())
    run_node(2, [&](Communicator& comm) { test::check_mismatch(comm, mismatch); });
}

TEST(SharedMemory, a_rank_that_leaves_is_named_at_once) {
  for (const std::size_t count : {1UL, 100'000UL}) {
    run_node(3, [&](Communicator& comm) {
      barrier(comm);
      if (comm.rank() == 2) return;
      std::vector<float> data(count);
      try {
        allreduce(comm, std::span<float>(data), ReduceOp::sum);
        ADD_FAILURE() << "no error";
      } catch (const CommError& e) {
        EXPECT_EQ(e.code(), ExitCode::requeue);
        EXPECT_THAT(e.what(), HasSubstr("allreduce f32 sum of"));
        EXPECT_THAT(e.what(), HasSubstr("rank "));
      }
      EXPECT_THROW(barrier(comm), CommError);
    });
  }
}

TEST(SharedMemory, deadline_ends_the_wait_for_a_rank_that_never_comes) {
  for (const std::size_t count : {1UL, 100'000UL}) {
    std::atomic<bool> over = false;
    const auto body = [&](Communicator& comm) {
      while (comm.rank() == 1 && !over)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (comm.rank() == 1) return;
      std::vector<float> data(count);
      try {
        allreduce(comm, std::span<float>(data), ReduceOp::sum);
        ADD_FAILURE() << "no error";
      } catch (const CommError& e) {
        EXPECT_THAT(e.what(), HasSubstr("rank 1 on this node did not come in time"));
      }
      over = true;
    };
    run_node(2, body, {.time_limit = std::chrono::seconds(1)});
  }
}

/// Counts how often it is looked after.
class CountingTransport final : public Transport {
 public:
  CountingTransport(std::unique_ptr<Transport> inner, std::atomic<int>& count)
      : inner_(std::move(inner)), count_(count) {}
  int rank() const noexcept override { return inner_->rank(); }
  int size() const noexcept override { return inner_->size(); }
  std::span<const int> nodes() const noexcept override { return inner_->nodes(); }
  bool is_crowded() const noexcept override { return inner_->is_crowded(); }
  Ticket post_send(int peer, int tag, std::span<const std::byte> bytes) override {
    return inner_->post_send(peer, tag, bytes);
  }
  Ticket post_receive(int peer, int tag, std::span<std::byte> bytes) override {
    return inner_->post_receive(peer, tag, bytes);
  }
  bool test(Ticket ticket) override { return inner_->test(ticket); }
  std::string describe(Ticket ticket) const override { return inner_->describe(ticket); }
  void progress() override { ++count_; }
  void abandon() noexcept override { inner_->abandon(); }
  std::unique_ptr<Transport> split(int color, int key) override {
    return inner_->split(color, key);
  }

 private:
  std::unique_ptr<Transport> inner_;
  std::atomic<int>& count_;
};

TEST(SharedMemory, messages_are_looked_after_while_ranks_wait_in_it) {
  InprocWorld world(2, 2);
  std::atomic<int> looks = 0;
  const auto waits_for_looks = [&](const std::function<void(Communicator&)>& call) {
    looks = 0;
    std::thread late([&] {
      const auto comm = make_communicator(world.transport(1), patient);
      while (looks < 3)
        std::this_thread::yield();
      call(*comm);
    });
    const auto comm =
        make_communicator(std::make_unique<CountingTransport>(world.transport(0), looks), patient);
    looks = 0;
    call(*comm);
    late.join();
  };

  waits_for_looks([](Communicator& comm) { barrier(comm); });
  waits_for_looks([](Communicator& comm) { wait(comm, *comm.barrier()); });
  waits_for_looks([](Communicator& comm) {
    std::vector<float> data(100'000);
    allreduce(comm, std::span<float>(data), ReduceOp::sum);
  });
}

TEST(SharedMemory, is_not_used_when_switched_off) {
  run_node(2,
           [](Communicator& comm) {
             EXPECT_EQ(comm.place().nodes, 2);
             EXPECT_EQ(comm.place().node_size, 1);
             test::check_allreduce(comm, 5'003);
           },
           {.time_limit = std::chrono::seconds(30), .shared_memory = false});
}

TEST(SharedMemory, place_numbers_nodes_and_their_ranks) {
  run_ranks(
      5,
      [](Communicator& comm) {
        const Place& place = comm.place();
        EXPECT_EQ(place.nodes, 3);
        EXPECT_EQ(place.node, comm.rank() / 2);
        EXPECT_EQ(place.node_rank, comm.rank() % 2);
        EXPECT_EQ(place.node_size, comm.rank() == 4 ? 1 : 2);
        test::check_all_collectives(comm);
      },
      patient, 2);
}

TEST(SharedMemory, a_split_by_node_shares_memory) {
  run_ranks(
      6,
      [](Communicator& comm) {
        const auto node = comm.split(comm.place().node, -comm.rank());
        EXPECT_EQ(node->place().nodes, 1);
        EXPECT_EQ(node->size(), 3);
        EXPECT_EQ(node->rank(), 2 - comm.place().node_rank);
        test::check_all_collectives(*node);
        EXPECT_EQ(comm.split(-1, 0), nullptr);
      },
      patient, 3);
}

TEST(SharedMemory, splitting_waits_for_what_is_under_way) {
  run_node(2, [](Communicator& comm) {
    std::vector<float> data(50'000, 1);
    const auto work =
        comm.allreduce(std::as_writable_bytes(std::span(data)), DType::f32, ReduceOp::sum);
    if (comm.rank() == 1) wait(comm, *work);
    const auto all = comm.split(0, 0);
    wait(comm, *work);
    EXPECT_EQ(data.back(), 2.0F);
    test::check_allreduce(*all, 17);
  });
}

TEST(SharedMemory, odd_tuning_cuts_no_element_and_no_slot) {
  const auto tuning = std::make_shared<Tuning>();
  for (const std::size_t chunk : {std::size_t{0}, std::size_t{5'001}, std::size_t{1} << 30}) {
    tuning->shared_memory = {.one_shot_bytes = chunk, .staging_chunk_bytes = chunk};
    CommunicatorOptions options = patient;
    options.tuning = tuning;
    run_node(
        3,
        [](Communicator& comm) {
          std::vector<double> data = planted_data<double>(comm.rank(), 40'009);
          allreduce(comm, std::span<double>(data), ReduceOp::sum);
          expect_reduction(data, ReduceOp::sum, 3, 0, "odd chunks");
          test::check_reduce_scatter(comm, 2'053);
        },
        options);
  }
}

TEST(SharedMemory, allocating_against_another_call_is_a_disagreement) {
  for (const int ranks_per_node : {2, 4}) {
    const auto body = [](Communicator& comm) {
      std::vector<float> data(100'000, 1);
      try {
        if (comm.rank() == 0)
          comm.allocate(100);
        else
          allreduce(comm, std::span<float>(data), ReduceOp::sum);
        ADD_FAILURE() << "no error";
      } catch (const CommError& e) {
        EXPECT_EQ(e.code(), ExitCode::internal) << e.what();
        EXPECT_THAT(e.what(), HasSubstr("'allocate'"));
        EXPECT_THAT(e.what(), HasSubstr("allreduce f32 sum of 100000"));
      }
      EXPECT_EQ(data, std::vector<float>(100'000, 1));
    };
    run_ranks(4, body, patient, ranks_per_node);
  }
}

TEST(SharedMemory, a_broadcast_out_of_place_is_refused_before_it_starts) {
  run_node(2, [](Communicator& comm) {
    std::vector<std::byte> data(8);
    EXPECT_THROW(comm.run({.collective = Collective::broadcast, .output = data}), UsageError);
    EXPECT_THROW(comm.allreduce(data, DType::u8, static_cast<ReduceOp>(9)), UsageError);
    barrier(comm);
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
