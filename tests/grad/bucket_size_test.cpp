// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/grad/bucket_size.hpp"

#include <algorithm>
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/comm/inproc.hpp"

namespace rondo::grad {
namespace {

using testing::HasSubstr;

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr SumSpeed gigabit{.latency_seconds = 0.1e-3, .seconds_per_byte = 8.6e-9};

/// What the header says that a size costs.
double cost(const SumSpeed& speed, double gradient_bytes, double bytes) {
  return gradient_bytes / bytes * (speed.latency_seconds + 0.5e-3) +
         1.25 * bytes * speed.seconds_per_byte;
}

TEST(BucketSize, is_the_power_of_two_that_costs_least) {
  for (const double latency : {1e-6, 1e-4, 5e-3}) {
    for (const double per_byte : {1e-9, 8.6e-9, 1e-7}) {
      for (const std::size_t mebibytes : {1, 7, 64, 500}) {
        const SumSpeed speed{.latency_seconds = latency, .seconds_per_byte = per_byte};
        const std::size_t gradients = mebibytes * mebibyte;

        const std::size_t bytes = best_bucket_bytes(speed, gradients);

        const auto cost_of = [&](std::size_t size) {
          return cost(speed, static_cast<double>(gradients), static_cast<double>(size));
        };
        const std::size_t less = std::max(bytes / 2, least_bucket_bytes);
        const std::size_t more = std::min(bytes * 2, most_bucket_bytes);
        EXPECT_LE(cost_of(bytes), cost_of(less));
        EXPECT_LE(cost_of(bytes), cost_of(more));
      }
    }
  }
}

TEST(BucketSize, grows_with_latency_gradients_and_speed) {
  const std::size_t bytes = best_bucket_bytes(gigabit, 32 * mebibyte);

  EXPECT_EQ(bytes, mebibyte);
  EXPECT_GT(best_bucket_bytes({.latency_seconds = 5e-3, .seconds_per_byte = 8.6e-9}, 32 * mebibyte),
            bytes);
  EXPECT_GT(best_bucket_bytes(gigabit, 256 * mebibyte), bytes);
  EXPECT_GT(best_bucket_bytes({.latency_seconds = 0.1e-3, .seconds_per_byte = 1e-9}, 32 * mebibyte),
            bytes);
}

TEST(BucketSize, stays_within_its_bounds) {
  EXPECT_EQ(best_bucket_bytes({.latency_seconds = 1, .seconds_per_byte = 1e-12}, 1U << 30),
            most_bucket_bytes);
  EXPECT_EQ(best_bucket_bytes({.latency_seconds = 0, .seconds_per_byte = 1}, mebibyte),
            least_bucket_bytes);
}

TEST(BucketSize, is_measured_alike_on_all_ranks) {
  std::array<BucketSize, 3> sizes;
  comm::run_ranks(3, [&](comm::Communicator& comm) {
    sizes[static_cast<std::size_t>(comm.rank())] = measure_bucket_size(comm, mebibyte);
  });

  EXPECT_THAT(sizes[0].reason, HasSubstr("measured: a sum takes"));
  EXPECT_THAT(sizes[0].reason, HasSubstr("1 MiB of gradients"));
  for (const BucketSize& size : sizes) {
    EXPECT_EQ(size.bytes, sizes[0].bytes);
    EXPECT_EQ(size.reason, sizes[0].reason);
  }
}

TEST(BucketSize, is_not_measured_where_there_is_nothing_to_choose) {
  comm::run_ranks(1, [](comm::Communicator& comm) {
    EXPECT_EQ(measure_bucket_size(comm, mebibyte).bytes, default_bucket_bytes);
  });
  comm::run_ranks(2, [](comm::Communicator& comm) {
    EXPECT_EQ(measure_bucket_size(comm, 1000).bytes, default_bucket_bytes);
    EXPECT_EQ(measure_bucket_size(comm, 1000).reason, "more than all gradients");
  });
}

}  // namespace
}  // namespace rondo::grad
