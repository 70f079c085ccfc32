// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/chunk_store.hpp"

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rondo::data {
namespace {

struct Case {
  LaneSampler::Options order;
  std::size_t first_lane = 0, last_lane = 1;
  std::size_t ahead = 0;
  ChunkStore::Opening opening = ChunkStore::Opening::ahead;
};

/// Uses a store as one thread would that loads when there is nothing to use.
class User {
 public:
  explicit User(const Case& test)
      : test_(test),
        sampler_(test.order),
        capacity_((test.last_lane - test.first_lane) * test.order.window + test.ahead),
        store_(LoadPlan(sampler_, test.first_lane, test.last_lane, 0, 0), capacity_, {1},
               test.order.chunk_samples, test.opening) {}

  /// Uses all samples of an epoch. With `is_eager`, all loads that can be come first.
  void use_epoch(std::size_t epoch, bool is_eager) {
    for (std::size_t step = 0; step < sampler_.steps_per_epoch(); ++step) {
      if (test_.opening == ChunkStore::Opening::by_step) opened_ = store_.open_step(epoch, step);
      for (std::size_t lane = test_.first_lane; lane < test_.last_lane; ++lane)
        use(epoch, step, lane, is_eager);
    }
  }

  /// How often each chunk was loaded for an epoch.
  const std::map<std::uint64_t, int>& loads(std::size_t epoch) { return loads_[epoch]; }

  std::size_t capacity() const { return capacity_; }
  std::uint64_t broken = UINT64_MAX;

 private:
  void use(std::size_t epoch, std::size_t step, std::size_t lane, bool is_eager) {
    const auto samples = sampler_.samples(epoch, step, lane);
    const std::size_t position = sampler_.interval(step, lane).begin;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      while (is_eager && load()) {
      }
      const ChunkStore::ReadyGroup* group = nullptr;
      while ((group = store_.ready_group(epoch, lane, position + i)) == nullptr)
        if (!load()) throw std::logic_error("stuck");
      const std::uint64_t chunk = samples[i] / test_.order.chunk_samples;
      if (chunk != broken && group->rows(chunk).samples != chunk)
        throw std::logic_error("another chunk's rows");
      store_.use(epoch, lane, position + i, 1);
    }
  }

  bool load() {
    const bool has_opened = store_.open_groups();
    const auto load = store_.take_load();
    if (!load) return has_opened;
    ++loads_[load->epoch][load->chunk];
    if (test_.opening == ChunkStore::Opening::by_step) {
      EXPECT_EQ(load->chunk, opened_.at(0));
      opened_.erase(opened_.begin());
    }
    load->rows->samples = load->chunk;
    store_.loaded(load->chunk, load->chunk == broken
                                   ? std::make_exception_ptr(std::runtime_error("broken"))
                                   : nullptr);
    EXPECT_LE(store_.held_bytes(), store_.capacity_bytes());
    return true;
  }

  Case test_;
  LaneSampler sampler_;
  std::size_t capacity_;
  ChunkStore store_;
  std::vector<std::uint64_t> opened_;
  std::map<std::size_t, std::map<std::uint64_t, int>> loads_;
};

/// The chunks of the lanes' groups.
std::set<std::uint64_t> chunks_of(const Case& test, std::size_t epoch) {
  const LaneSampler sampler(test.order);
  std::set<std::uint64_t> chunks;
  for (std::size_t lane = test.first_lane; lane < test.last_lane; ++lane)
    for (std::size_t i = 0; i < sampler.group_count(epoch, lane); ++i)
      for (const std::uint64_t chunk : sampler.group(epoch, lane, i).chunks)
        chunks.insert(chunk);
  return chunks;
}

Case random_case(std::mt19937& random) {
  const auto draw = [&random](std::size_t low, std::size_t high) {
    return std::uniform_int_distribution<std::size_t>(low, high)(random);
  };
  Case test;
  test.order = {.seed = draw(0, 1000),
                .samples = draw(1, 200),
                .chunk_samples = draw(1, 12),
                .lanes = draw(1, 7),
                .micro_batch = draw(1, 40),
                .window = draw(1, 4)};
  test.first_lane = draw(0, test.order.lanes - 1);
  test.last_lane = draw(test.first_lane + 1, test.order.lanes);
  test.ahead = draw(0, 1) == 0 ? 0 : draw(0, 8);
  return test;
}

std::string describe(const Case& test) {
  return fmt::format(
      "seed {}, {} samples in chunks of {}, lanes {} to {} of {} x {}, window {}, ahead {}",
      test.order.seed, test.order.samples, test.order.chunk_samples, test.first_lane,
      test.last_lane, test.order.lanes, test.order.micro_batch, test.order.window, test.ahead);
}

TEST(ChunkStore, loads_each_chunk_once_an_epoch_whatever_the_shape) {
  std::mt19937 random(11);
  for (int i = 0; i < 500; ++i) {
    const Case test = random_case(random);
    SCOPED_TRACE(describe(test));
    User user(test);

    for (std::size_t epoch = 0; epoch < 3; ++epoch)
      ASSERT_NO_THROW(user.use_epoch(epoch, i % 2 == 0));

    for (std::size_t epoch = 0; epoch < 3; ++epoch) {
      const auto chunks = chunks_of(test, epoch);
      for (const auto& [chunk, count] : user.loads(epoch)) {
        EXPECT_TRUE(chunks.contains(chunk));
        EXPECT_EQ(count, 1) << "chunk " << chunk << " in epoch " << epoch;
      }
    }
    EXPECT_EQ(user.loads(0).size(), chunks_of(test, 0).size());
  }
}

TEST(ChunkStore, loads_what_a_step_opens_in_that_order_whatever_the_shape) {
  std::mt19937 random(12);
  for (int i = 0; i < 500; ++i) {
    Case test = random_case(random);
    test.opening = ChunkStore::Opening::by_step;
    SCOPED_TRACE(describe(test));
    User user(test);

    for (std::size_t epoch = 0; epoch < 3; ++epoch)
      ASSERT_NO_THROW(user.use_epoch(epoch, i % 2 == 0));

    for (std::size_t epoch = 0; epoch < 3; ++epoch)
      for (const auto& [chunk, count] : user.loads(epoch))
        EXPECT_TRUE(chunks_of(test, epoch).contains(chunk));
    EXPECT_EQ(user.loads(0).size(), chunks_of(test, 0).size());
  }
}

TEST(ChunkStore, loads_nothing_again_where_all_chunks_have_room) {
  User user(
      {.order = {.samples = 100, .chunk_samples = 10, .micro_batch = 7, .window = 2}, .ahead = 8});

  for (std::size_t epoch = 0; epoch < 3; ++epoch)
    user.use_epoch(epoch, false);

  EXPECT_EQ(user.loads(0).size(), 10U);
  EXPECT_EQ(user.loads(1).size() + user.loads(2).size(), 0U);
}

TEST(ChunkStore, loads_a_chunk_again_that_failed) {
  User user(
      {.order = {.samples = 100, .chunk_samples = 10, .micro_batch = 7, .window = 2}, .ahead = 8});
  user.broken = 4;

  for (std::size_t epoch = 0; epoch < 2; ++epoch)
    user.use_epoch(epoch, false);

  EXPECT_EQ(user.loads(1), (std::map<std::uint64_t, int>{{4, 1}}));
}

TEST(ChunkStore, gives_up_first_what_was_used_longest_ago) {
  const LaneSampler::Options order{
      .samples = 40, .chunk_samples = 10, .micro_batch = 10, .window = 1};
  User user({.order = order, .ahead = 1});
  const LaneSampler sampler(order);
  const auto chunk = [&](std::size_t epoch, std::size_t group) {
    return sampler.group(epoch, 0, group).chunks.front();
  };

  user.use_epoch(0, false);
  user.use_epoch(1, false);

  // Two buffers: the last two chunks of an epoch are still there when the next one begins.
  const std::set<std::uint64_t> kept{chunk(0, 2), chunk(0, 3)};
  EXPECT_EQ(user.loads(1).contains(chunk(1, 0)), !kept.contains(chunk(1, 0)));
}

}  // namespace
}  // namespace rondo::data
