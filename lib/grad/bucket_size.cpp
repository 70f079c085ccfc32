// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/grad/bucket_size.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "grad/float_memory.hpp"

namespace rondo::grad {
namespace {

using Clock = std::chrono::steady_clock;

/// How often a backward pass announces a gradient, or looks after the collectives otherwise.
constexpr double seconds_between_looks = 0.5e-3;

constexpr std::size_t shortest_bytes = 4096;
constexpr std::size_t longest_bytes = std::size_t{1} << 22;
/// A sum that takes this long says enough about the speed.
constexpr double long_enough_seconds = 20e-3;
constexpr double probe_seconds = 30e-3;
constexpr int least_repeats = 4;
constexpr int most_repeats = 200;

/// The fastest of these sums, on the slowest rank. Collective.
double time_of_sums(comm::Communicator& comm, std::span<float> data, int repeats) {
  double fastest = std::numeric_limits<double>::infinity();
  for (int i = 0; i < repeats; ++i) {
    const auto begin = Clock::now();
    comm::allreduce(comm, data, comm::ReduceOp::sum);
    fastest = std::min(fastest, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  comm::allreduce(comm, std::span(&fastest, 1), comm::ReduceOp::max);
  return fastest;
}

/// As often as fits into some time, so that what other processes take now and then does not count:
/// short sums are the ones that it makes many times longer. Collective.
double time_of_sum(comm::Communicator& comm, std::span<float> data) {
  const double first = time_of_sums(comm, data, least_repeats);
  const double more = std::min(probe_seconds / first, double{most_repeats});
  if (more <= least_repeats) return first;
  return std::min(first, time_of_sums(comm, data, static_cast<int>(more)));
}

double mebibytes(std::size_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

}  // namespace

SumSpeed measure_sum_speed(comm::Communicator& comm, std::size_t most_bytes) {
  const std::size_t limit = std::clamp(most_bytes, shortest_bytes, longest_bytes);
  const auto memory = allocate_floats(comm, limit / sizeof(float));
  const auto time_of = [&](std::size_t bytes) {
    return time_of_sum(comm, floats_of(*memory).first(bytes / sizeof(float)));
  };
  std::size_t bytes = shortest_bytes;
  SumSpeed speed{.latency_seconds = time_of(bytes)};
  double seconds = speed.latency_seconds;
  while (bytes < limit && seconds < long_enough_seconds) {
    bytes = std::min(4 * bytes, limit);
    seconds = time_of(bytes);
  }
  speed.seconds_per_byte = seconds / static_cast<double>(bytes);
  return speed;
}

std::size_t best_bucket_bytes(const SumSpeed& speed, std::size_t gradient_bytes) {
  const double standstill = speed.latency_seconds + seconds_between_looks;
  const double best =
      std::sqrt(0.8 * static_cast<double>(gradient_bytes) * standstill / speed.seconds_per_byte);
  std::size_t bytes = least_bucket_bytes;
  while (bytes < most_bucket_bytes && best > static_cast<double>(bytes) * std::sqrt(2.0))
    bytes *= 2;
  return bytes;
}

BucketSize measure_bucket_size(comm::Communicator& comm, std::size_t gradient_bytes) {
  if (comm.size() == 1) return {.reason = "nothing travels on one rank"};
  if (gradient_bytes < 2 * least_bucket_bytes) return {.reason = "more than all gradients"};
  const SumSpeed speed = measure_sum_speed(comm, gradient_bytes);
  return {.bytes = best_bucket_bytes(speed, gradient_bytes),
          .reason = fmt::format(
              "measured: a sum takes {:.3g} ms and {:.3g} ms a MiB, for {:.3g} MiB of gradients",
              1e3 * speed.latency_seconds, 1e3 * speed.seconds_per_byte * (1 << 20),
              mebibytes(gradient_bytes))};
}

}  // namespace rondo::grad
