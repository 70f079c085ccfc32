// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/grad/gradient_sum.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/base/philox.hpp"
#include "rondo/comm/inproc.hpp"
#include "rondo/precision/squares.hpp"
#include "rondo/precision/strided_sum.hpp"

namespace rondo::grad {
namespace {

using testing::HasSubstr;

std::vector<ParameterSpec> specs() {
  return {{"a", {3700}}, {"b", {5}}, {"c", {1300}}};
}

/// What lane `lane` contributes to element `i` of parameter `p`; not exactly representable sums.
float contribution(std::size_t lane, std::size_t p, std::size_t i) {
  const Philox random(lane + 1, RandomPurpose::initialize, static_cast<std::uint32_t>(p));
  return Philox::uniform(random.block(i)[0]) - 0.5F;
}

struct StepPlan {
  std::size_t lanes = 6;
  Reduction reduction = Reduction::fast;
  std::size_t bucket_bytes = 128;
  bool announce = true;
  bool forward_in_odd_lanes = false;  ///< the order of announcements, otherwise backward
  std::size_t at_once = 1;            ///< lanes
};

void run_some_at_once(GradientSum& sum, Arena& arena, std::size_t at_once) {
  const comm::LaneRange all = sum.lanes();
  for (std::size_t begin = all.begin; begin < all.end; begin += at_once) {
    const std::size_t end = std::min(begin + at_once, all.end);
    double weight = 0;
    double loss = 0;
    for (std::size_t lane = begin; lane < end; ++lane) {
      weight += static_cast<double>(lane % 3);
      loss += 0.5 * static_cast<double>(lane);
    }
    sum.begin_lanes({begin, end}, weight);
    for (std::size_t p = arena.specs().size(); p-- > 0;) {
      const auto grad = arena.view(p).grad;
      for (std::size_t lane = begin; lane < end; ++lane)
        for (std::size_t i = 0; i < grad.size(); ++i)
          grad[i] += contribution(lane, p, i);
      sum.ready(p);
    }
    sum.end_lane(loss, static_cast<double>(end - begin));
  }
}

void run_lanes(GradientSum& sum, Arena& arena, const StepPlan& plan) {
  if (plan.at_once > 1) return run_some_at_once(sum, arena, plan.at_once);
  for (std::size_t lane = sum.lanes().begin; lane < sum.lanes().end; ++lane) {
    sum.begin_lane(lane, static_cast<double>(lane % 3));
    const std::size_t count = arena.specs().size();
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t p = plan.forward_in_odd_lanes && lane % 2 == 1 ? k : count - 1 - k;
      const auto grad = arena.view(p).grad;
      for (std::size_t i = 0; i < grad.size(); ++i)
        grad[i] += contribution(lane, p, i);
      if (plan.announce) sum.ready(p);
    }
    sum.end_lane(0.5 * static_cast<double>(lane), 1);
  }
}

/// One step of `plan` on this rank; the arena then holds the total.
StepSums run_step(comm::Communicator& comm, Arena& arena, const StepPlan& plan) {
  GradientSum sum(arena, comm, plan.lanes, plan.reduction);
  run_lanes(sum, arena, plan);
  return sum.finish(comm.rank() == comm.size() - 1);
}

std::vector<float> total_on(int ranks, const StepPlan& plan) {
  std::mutex mutex;
  std::vector<std::vector<float>> totals;
  comm::run_ranks(ranks, [&](comm::Communicator& comm) {
    Arena arena(specs(), {.bucket_bytes = plan.bucket_bytes}, comm);
    run_step(comm, arena, plan);
    std::vector<float> mine;
    for (std::size_t p = 0; p < specs().size(); ++p)
      mine.insert(mine.end(), arena.view(p).grad.begin(), arena.view(p).grad.end());
    const std::lock_guard lock(mutex);
    totals.push_back(mine);
  });
  for (const auto& total : totals)
    EXPECT_EQ(total, totals[0]) << "ranks hold different totals";
  return totals[0];
}

TEST(GradientSum, sums_lanes_and_weights_on_any_number_of_ranks) {
  for (const int ranks : {1, 2, 3, 4, 6}) {
    comm::run_ranks(ranks, [](comm::Communicator& comm) {
      Arena arena(specs(), {.bucket_bytes = 128}, comm);

      const StepSums sums = run_step(comm, arena, {});

      EXPECT_EQ(sums.weight, 0 + 1 + 2 + 0 + 1 + 2);
      EXPECT_EQ(sums.loss, 0.5 * 15);
      EXPECT_EQ(sums.correct, 6);
      EXPECT_TRUE(sums.stop);
      double expected = 0;
      for (std::size_t lane = 0; lane < 6; ++lane)
        expected += static_cast<double>(contribution(lane, 1, 3));
      EXPECT_NEAR(arena.view(1).grad[3], expected, 1e-6);
    });
  }
}

TEST(GradientSum, fixed_gives_the_same_bits_on_any_number_of_ranks_and_any_buckets) {
  const auto expected = total_on(1, {.lanes = 13, .reduction = Reduction::fixed});

  for (const int ranks : {2, 3, 4, 5, 8, 13}) {
    for (const std::size_t bytes : {1UL, 1UL << 20}) {
      const StepPlan plan{.lanes = 13, .reduction = Reduction::fixed, .bucket_bytes = bytes};
      EXPECT_EQ(total_on(ranks, plan), expected) << ranks << " ranks, buckets of " << bytes;
    }
  }
}

TEST(GradientSum, fixed_gives_the_same_bits_in_any_order_of_readiness) {
  const auto expected = total_on(1, {.lanes = 5, .reduction = Reduction::fixed});

  for (const int ranks : {1, 2, 5})
    EXPECT_EQ(total_on(ranks, {.lanes = 5,
                               .reduction = Reduction::fixed,
                               .bucket_bytes = 1,
                               .forward_in_odd_lanes = true}),
              expected)
        << ranks << " ranks";
}

TEST(GradientSum, fast_does_not_promise_the_bits_that_fixed_keeps) {
  // If this fails, the data of the test above cannot tell one order from another.
  EXPECT_NE(total_on(1, {.lanes = 13}), total_on(5, {.lanes = 13}));
}

TEST(GradientSum, lanes_at_once_are_as_one_by_one) {
  for (const int ranks : {1, 2, 3})
    for (const std::size_t at_once : {2U, 3U, 6U})
      EXPECT_EQ(total_on(ranks, {.at_once = at_once}), total_on(ranks, {}))
          << ranks << " ranks, " << at_once << " lanes";
}

TEST(GradientSum, lanes_at_once_have_their_turn_and_no_order_of_their_own) {
  comm::run_ranks(1, [](comm::Communicator& comm) {
    Arena arena(specs(), {}, comm);
    GradientSum fixed(arena, comm, 4, Reduction::fixed);
    EXPECT_THROW(fixed.begin_lanes({0, 2}, 1), UsageError);
    GradientSum sum(arena, comm, 4, Reduction::fast);
    EXPECT_THROW(sum.begin_lanes({1, 2}, 1), UsageError);
    EXPECT_THROW(sum.begin_lanes({0, 0}, 1), UsageError);
    EXPECT_THROW(sum.begin_lanes({0, 5}, 1), UsageError);
    sum.begin_lanes({0, 3}, 2);
    sum.end_lane(1, 1);
    EXPECT_THROW(sum.begin_lane(1, 1), UsageError);
    sum.begin_lane(3, 5);
    sum.end_lane(2, 0);
    const StepSums sums = sum.finish(false);
    EXPECT_EQ(sums.weight, 7);
    EXPECT_EQ(sums.loss, 3);
  });
}

TEST(GradientSum, unannounced_parameters_are_reduced_too) {
  EXPECT_EQ(total_on(2, {.announce = false}), total_on(2, {.announce = true}));
}

TEST(GradientSum, names_the_parameters_that_no_lane_announced) {
  for (const int ranks : {1, 3}) {
    comm::run_ranks(ranks, [](comm::Communicator& comm) {
      Arena arena(specs(), {}, comm);
      GradientSum sum(arena, comm, 4, Reduction::fast);
      const auto step = [&](auto announces) {
        for (std::size_t lane = sum.lanes().begin; lane < sum.lanes().end; ++lane) {
          sum.begin_lane(lane, 1);
          for (std::size_t p = 0; p < specs().size(); ++p)
            if (announces(lane, p)) sum.ready(p);
          sum.end_lane(0, 0);
        }
        return sum.finish(false).complete;
      };
      using Missing = std::vector<std::size_t>;

      EXPECT_TRUE(step([](std::size_t lane, std::size_t p) { return lane == 2 || p == 1; }));
      EXPECT_EQ(sum.unannounced(), Missing{});
      EXPECT_FALSE(step([](std::size_t lane, std::size_t p) { return lane % 3 != p; }));
      EXPECT_EQ(sum.unannounced(), Missing{});
      EXPECT_FALSE(step([](std::size_t lane, std::size_t p) { return lane == 3 && p == 1; }));
      EXPECT_EQ(sum.unannounced(), (Missing{0, 2}));
    });
  }
}

TEST(GradientSum, clears_the_gradients_between_steps) {
  comm::run_ranks(2, [](comm::Communicator& comm) {
    Arena arena(specs(), {}, comm);
    GradientSum sum(arena, comm, 2, Reduction::fast);
    for (int step = 0; step < 2; ++step) {
      sum.begin_lane(sum.lanes().begin, 1);
      arena.view(0).grad[0] += 1;
      sum.end_lane(0, 0);
      EXPECT_EQ(sum.finish(false).weight, 2);
    }
    EXPECT_EQ(arena.view(0).grad[0], 2);
  });
}

TEST(GradientSum, announcing_gradients_advances_what_is_under_way) {
  std::atomic<bool> ended_on_rank_1 = false;
  comm::run_ranks(2, [&](comm::Communicator& comm) {
    constexpr std::size_t parameters = 200;
    std::vector<ParameterSpec> many;
    for (std::size_t p = 0; p < parameters; ++p)
      many.push_back({std::to_string(p), {1}});
    Arena arena(many, {}, comm);
    GradientSum sum(arena, comm, 2, Reduction::fast);
    std::vector<float> other(1000, 1.0F);
    const auto work =
        comm.allreduce(std::as_writable_bytes(std::span(other)), DType::f32, comm::ReduceOp::sum);
    if (comm.rank() == 1) {
      comm::wait(comm, *work);
      ended_on_rank_1 = true;
    }
    sum.begin_lane(sum.lanes().begin, 1);
    for (std::size_t p = 0; p < parameters && !ended_on_rank_1; ++p) {
      sum.ready(p);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_TRUE(ended_on_rank_1) << "rank 1 waited for more than ready()";
    sum.end_lane(0, 0);
    sum.finish(false);
  });
}

TEST(GradientSum, shards_hold_the_bits_of_the_whole_sum) {
  // The fast sums of more than two ranks are added in another order for a whole than for shards.
  const std::pair<int, Reduction> cases[] = {
      {2, Reduction::fast}, {2, Reduction::fixed}, {3, Reduction::fixed}};
  for (const auto& plan_case : cases) {
    const Reduction reduction = plan_case.second;
    comm::run_ranks(
        plan_case.first,
        [&](comm::Communicator& comm) {
          const StepPlan plan{.lanes = 3, .reduction = reduction, .bucket_bytes = 1};
          Arena whole(specs(), {.bucket_bytes = plan.bucket_bytes}, comm);
          run_step(comm, whole, plan);
          Arena arena(specs(), {.bucket_bytes = plan.bucket_bytes}, comm);
          GradientSum sum(arena, comm, plan.lanes, reduction, Sharding::zero1);
          run_lanes(sum, arena, plan);

          sum.finish(false);

          ASSERT_TRUE(sum.is_sharded());
          for (const ElementRange bucket : arena.layout().buckets()) {
            const ElementRange mine = arena.layout().shard(bucket, comm.rank());
            const auto part =
                sum.reduced().subspan(arena.layout().shard_offset(bucket), mine.size());
            const std::size_t end = std::clamp(arena.layout().trailer(), mine.begin, mine.end);
            const auto count = static_cast<std::ptrdiff_t>(end - mine.begin);
            EXPECT_TRUE(
                std::equal(part.begin(), part.begin() + count,
                           whole.grads().begin() + static_cast<std::ptrdiff_t>(mine.begin)));
          }
        },
        {.time_limit = std::chrono::seconds(30)}, 2);
  }
}

bool are_zero(std::span<const float> values) {
  return std::ranges::all_of(values, [](float value) { return value == 0; });
}

TEST(GradientSum, zero2_gives_the_memory_of_reduced_gradients_back) {
  for (const int ranks_per_node : {1, 2}) {
    comm::run_ranks(
        2,
        [&](comm::Communicator& comm) {
          Arena arena(specs(), {.bucket_bytes = 1}, comm);
          const StepPlan plan{.lanes = 2, .reduction = Reduction::fixed};
          GradientSum sum(arena, comm, plan.lanes, plan.reduction, Sharding::zero2);
          run_lanes(sum, arena, plan);
          EXPECT_GT(sum.gradient_bytes(), 0U);

          sum.finish(false);

          EXPECT_EQ(sum.gradient_bytes(), 0U) << ranks_per_node << " ranks a node";
          // Pages that were given back read as zeros.
          EXPECT_TRUE(are_zero(arena.grads()));
          EXPECT_FALSE(are_zero(sum.reduced()));
        },
        {.time_limit = std::chrono::seconds(30)}, ranks_per_node);
  }
}

TEST(GradientSum, zero2_gives_memory_back_while_the_backward_pass_goes_on) {
  const auto body = [](comm::Communicator& comm) {
    constexpr std::size_t small = 200;
    std::vector<ParameterSpec> model(small, {"", {1}});
    for (std::size_t p = 0; p < small; ++p)
      model[p].name = std::to_string(p);
    model.push_back({"large", {5000}});  // lies first
    Arena arena(model, {.bucket_bytes = 1}, comm);
    GradientSum sum(arena, comm, 2, Reduction::fast, Sharding::zero2);
    const std::size_t all = sum.gradient_bytes();
    sum.begin_lane(sum.lanes().begin, 1);
    std::ranges::fill(arena.view(small).grad, 1.0F);

    sum.ready(small);
    for (std::size_t p = 0; p < small && sum.gradient_bytes() == all; ++p) {
      sum.ready(p);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }

    EXPECT_LT(sum.gradient_bytes(), all);
    EXPECT_EQ(arena.view(small).grad[0], 0);
    sum.end_lane(0, 0);
    sum.finish(false);
    EXPECT_EQ(sum.squares()[small], 4.0 * static_cast<double>(arena.view(small).grad.size()));
  };
  comm::run_ranks(2, body, {.time_limit = std::chrono::seconds(30)}, 2);
}

TEST(GradientSum, squares_are_those_of_each_parameter_on_all_ranks) {
  comm::run_ranks(3, [](comm::Communicator& comm) {
    Arena arena(specs(), {.bucket_bytes = 1}, comm);
    GradientSum sum(arena, comm, 3, Reduction::fixed, Sharding::none);
    run_lanes(sum, arena, {.lanes = 3});

    sum.finish(false);

    std::vector<std::vector<double>> squares(arena.specs().size());
    for (const Piece& piece : arena.layout().pieces())
      squares[piece.parameter].push_back(
          precision::sum_of_squares(arena.grads().subspan(piece.range.begin, piece.range.size())));
    for (std::size_t p = 0; p < squares.size(); ++p)
      EXPECT_EQ(sum.squares()[p], precision::strided_sum(std::span<const double>(squares[p])))
          << "parameter " << p;
  });
}

TEST(GradientSum, many_tiny_parameters_and_a_single_one_are_summed_alike) {
  std::vector<ParameterSpec> tiny;
  for (int p = 0; p < 3000; ++p)
    tiny.push_back({std::to_string(p), {static_cast<std::size_t>(p % 3 + 1)}});
  for (const auto& model : {tiny, std::vector<ParameterSpec>{{"only", {1}}}}) {
    comm::run_ranks(3, [&](comm::Communicator& comm) {
      Arena arena(model, {.bucket_bytes = 1}, comm);
      GradientSum sum(arena, comm, 3, Reduction::fixed);
      run_lanes(sum, arena, {.lanes = 3});

      EXPECT_EQ(sum.finish(false).weight, 3);

      const float expected =
          (contribution(0, 0, 0) + contribution(1, 0, 0)) + contribution(2, 0, 0);
      EXPECT_EQ(arena.view(0).grad[0], expected);
    });
  }
}

TEST(GradientSum, refuses_more_ranks_than_lanes_and_names_both_ways_out) {
  comm::run_ranks(3, [](comm::Communicator& comm) {
    Arena arena(specs(), {}, comm);
    try {
      const GradientSum sum(arena, comm, 2, Reduction::fast);
      ADD_FAILURE() << "no error";
    } catch (const ConfigError& e) {
      EXPECT_EQ(e.code(), ExitCode::configuration);
      EXPECT_THAT(e.what(), HasSubstr("mpirun -np 2"));
      EXPECT_THAT(e.what(), HasSubstr("--lanes 3"));
    }
  });
}

TEST(GradientSum, refuses_calls_out_of_turn) {
  comm::run_ranks(1, [](comm::Communicator& comm) {
    Arena arena(specs(), {}, comm);
    GradientSum sum(arena, comm, 2, Reduction::fast);

    EXPECT_THROW(sum.begin_lane(1, 1), UsageError);
    EXPECT_THROW(sum.begin_lane(0, -1), UsageError);
    EXPECT_THROW(sum.begin_lane(0, std::numeric_limits<double>::quiet_NaN()), UsageError);
    EXPECT_THROW(sum.finish(false), UsageError);
    EXPECT_THROW(sum.ready(0), UsageError);
    sum.begin_lane(0, 1);
    sum.ready(0);
    EXPECT_THROW(sum.ready(0), UsageError);
    EXPECT_THROW(sum.ready(3), UsageError);
    EXPECT_THROW(sum.begin_lane(1, 1), UsageError);
  });
}

}  // namespace
}  // namespace rondo::grad
