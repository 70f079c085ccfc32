// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/batch_pipeline.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rondo::data {
namespace {

using std::chrono::milliseconds;

/// Samples that are their own number.
class NumberSource final : public ChunkSource {
 public:
  NumberSource(std::size_t samples, std::size_t chunk_samples)
      : samples_(samples), chunk_samples_(chunk_samples) {}

  ReadBytes read(std::uint64_t number, ChunkRows& rows) override {
    if (number == broken) throw std::runtime_error("chunk " + std::to_string(number));
    std::this_thread::sleep_for(delay);
    ++reads;
    rows.samples = std::min(chunk_samples_, samples_ - number * chunk_samples_);
    for (std::size_t row = 0; row < rows.samples; ++row) {
      const std::uint64_t sample = number * chunk_samples_ + row;
      std::memcpy(rows.fields[0].data() + row * sizeof sample, &sample, sizeof sample);
    }
    return {.file = rows.samples * sizeof(std::uint64_t)};
  }
  std::span<const std::size_t> sample_bytes() const noexcept override { return sample_bytes_; }

  std::atomic<std::size_t> reads = 0;
  std::uint64_t broken = UINT64_MAX;
  milliseconds delay{0};

 private:
  std::size_t samples_;
  std::size_t chunk_samples_;
  std::array<std::size_t, 1> sample_bytes_{sizeof(std::uint64_t)};
};

/// Labels that are the sample's number, as the chunk says and as the order says.
class NumberFiller final : public BatchFiller {
 public:
  explicit NumberFiller(std::size_t micro_batch) : micro_batch_(micro_batch) {}

  LaneBatch make() const override {
    LaneBatch batch;
    batch.labels = AlignedBuffer<std::int32_t>(micro_batch_);
    return batch;
  }
  void fill(LaneBatch& batch, std::size_t place, std::uint64_t sample, const ChunkRows& rows,
            std::size_t row, std::vector<float>&) const override {
    std::uint64_t stored = 0;
    std::memcpy(&stored, rows.fields[0].data() + row * sizeof stored, sizeof stored);
    if (stored != sample) throw std::logic_error("another chunk's rows");
    batch.labels[place] = static_cast<std::int32_t>(stored);
  }

 private:
  std::size_t micro_batch_;
};

struct Case {
  LaneSampler::Options order;
  std::size_t threads = 2;
  std::size_t depth = 4;
  std::optional<std::size_t> chunks_ahead = {};
};

class BatchPipelineTest : public ::testing::Test {
 protected:
  static LaneSampler::Options order(std::size_t samples, std::size_t chunk, std::size_t lanes,
                                    std::size_t micro_batch, std::size_t window) {
    return {.seed = 3,
            .samples = samples,
            .chunk_samples = chunk,
            .lanes = lanes,
            .micro_batch = micro_batch,
            .window = window};
  }

  static BatchLoader::Options options(const Case& test) {
    return {.first_lane = 0,
            .last_lane = test.order.lanes,
            .depth = test.depth,
            .threads = test.threads,
            .chunks_ahead = test.chunks_ahead};
  }

  /// Runs two epochs and a step, and compares each batch with the order.
  static void expect_the_order(const Case& test) {
    NumberSource source(test.order.samples, test.order.chunk_samples);
    const NumberFiller filler(test.order.micro_batch);
    const LaneSampler sampler(test.order);
    BatchPipeline pipeline(source, filler, sampler, options(test));
    const std::size_t steps = 2 * sampler.steps_per_epoch() + 1;
    for (std::size_t i = 0; i < steps * test.order.lanes; ++i) {
      const LaneBatch& batch = pipeline.next();
      const auto samples = sampler.samples(batch.epoch, batch.step, batch.lane);
      ASSERT_EQ(batch.epoch, i / test.order.lanes / sampler.steps_per_epoch());
      ASSERT_EQ(batch.step, i / test.order.lanes % sampler.steps_per_epoch());
      ASSERT_EQ(batch.lane, i % test.order.lanes);
      ASSERT_EQ(batch.count, samples.size());
      ASSERT_TRUE(std::equal(samples.begin(), samples.end(), batch.labels.data()));
    }
    EXPECT_EQ(pipeline.reads(0).chunks, sampler.chunk_count());
    EXPECT_LE(pipeline.reads(1).chunks, sampler.chunk_count());
  }
};

TEST_F(BatchPipelineTest, yields_the_order_for_any_shape) {
  const std::vector<Case> cases{
      {.order = order(1000, 16, 3, 10, 4)},
      {.order = order(1000, 16, 3, 10, 4), .threads = 1, .depth = 1, .chunks_ahead = 0},
      {.order = order(1000, 16, 3, 10, 4), .threads = 5, .depth = 9},
      // all chunks stay: groups of the second epoch are ready without a load
      {.order = order(1000, 16, 3, 10, 4), .threads = 1, .chunks_ahead = 100},
      // batches that span several groups
      {.order = order(1000, 3, 4, 100, 1), .chunks_ahead = 0},
      {.order = order(997, 3, 4, 7, 2), .threads = 3, .chunks_ahead = 1},
      // fewer chunks than lanes, lanes without samples, one chunk, one sample
      {.order = order(10, 8, 5, 1, 4), .chunks_ahead = 0},
      {.order = order(3, 2, 8, 2, 1)},
      {.order = order(6, 100, 2, 4, 3)},
      {.order = order(1, 1, 1, 1, 1), .chunks_ahead = 0},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE("case " + std::to_string(i));
    expect_the_order(cases[i]);
  }
}

TEST_F(BatchPipelineTest, starts_in_the_middle_of_groups) {
  const LaneSampler sampler(order(1000, 16, 2, 10, 8));
  for (const std::size_t step : {1, 17, 49}) {
    NumberSource source(1000, 16);
    const NumberFiller filler(10);
    BatchPipeline pipeline(source, filler, sampler,
                           {.first_lane = 0, .last_lane = 2, .epoch = 5, .step = step});
    for (int i = 0; i < 300; ++i) {
      const LaneBatch& batch = pipeline.next();
      const auto samples = sampler.samples(batch.epoch, batch.step, batch.lane);
      ASSERT_EQ(batch.count, samples.size());
      ASSERT_TRUE(std::equal(samples.begin(), samples.end(), batch.labels.data()));
    }
  }
}

TEST_F(BatchPipelineTest, holds_the_windows_and_the_chunks_ahead_and_no_more) {
  NumberSource source(100'000, 10);
  const NumberFiller filler(5);
  const LaneSampler sampler(order(100'000, 10, 4, 5, 6));
  BatchPipeline pipeline(source, filler, sampler,
                         {.first_lane = 1, .last_lane = 3, .chunks_ahead = 3});

  pipeline.next();
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_LE(source.reads, 2 * 6 + 3);
  for (int i = 0; i < 2000; ++i)
    pipeline.next();

  EXPECT_EQ(pipeline.statistics().chunk_bytes, (2 * 6 + 3) * 10 * sizeof(std::uint64_t));
  EXPECT_EQ(pipeline.statistics().batches, 2001);
}

TEST_F(BatchPipelineTest, reads_ahead_while_the_caller_works) {
  NumberSource source(4000, 100);
  source.delay = milliseconds(2);
  const NumberFiller filler(10);
  BatchPipeline pipeline(source, filler, LaneSampler(order(4000, 100, 1, 10, 4)), {});
  pipeline.next();
  const double start = pipeline.statistics().wait_seconds;

  for (int i = 0; i < 100; ++i) {
    std::this_thread::sleep_for(milliseconds(1));
    pipeline.next();
  }

  // Ten chunks of 2 ms each, in the shadow of 100 ms of work.
  EXPECT_LT(pipeline.statistics().wait_seconds - start, 0.010);
}

TEST_F(BatchPipelineTest, is_ready_for_batches_and_not_for_errors) {
  NumberSource source(1000, 10);
  const NumberFiller filler(10);
  const LaneSampler sampler(order(1000, 10, 1, 10, 1));
  source.broken = sampler.samples(0, 5, 0).front() / 10;
  BatchPipeline pipeline(source, filler, sampler, {});
  for (int step = 0; step < 5; ++step) {
    while (!pipeline.is_ready())
      std::this_thread::yield();
    pipeline.next();
  }

  EXPECT_THROW(pipeline.next(), std::runtime_error);
  EXPECT_FALSE(pipeline.is_ready());
}

TEST_F(BatchPipelineTest, throws_an_error_where_its_batch_would_come) {
  NumberSource source(1000, 10);
  const NumberFiller filler(10);
  const LaneSampler sampler(order(1000, 10, 1, 10, 3));
  const auto samples = sampler.samples(0, 40, 0);
  source.broken = samples.front() / 10;
  BatchPipeline pipeline(source, filler, sampler, {});

  std::string error;
  std::size_t batches = 0;
  try {
    for (;; ++batches)
      pipeline.next();
  } catch (const std::runtime_error& e) {
    error = e.what();
  }

  EXPECT_EQ(error, "chunk " + std::to_string(source.broken));
  for (std::size_t step = 0; step < batches; ++step)
    for (const std::uint64_t sample : sampler.samples(0, step, 0))
      EXPECT_NE(sample / 10, source.broken);
  EXPECT_LE(batches, 40U);
  EXPECT_THROW(pipeline.next(), std::runtime_error);
}

TEST_F(BatchPipelineTest, ends_at_once_in_any_state) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) {
    NumberSource source(1000, 10);
    const NumberFiller filler(10);
    BatchPipeline pipeline(source, filler, LaneSampler(order(1000, 10, 2, 10, 4)),
                           {.last_lane = 2});
    if (i % 2 == 0) pipeline.next();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace rondo::data
