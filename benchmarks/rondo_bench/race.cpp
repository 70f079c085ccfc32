// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/race.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace rondo::bench {
namespace {

// The ranks leave a barrier some microseconds apart; a batch is so long that this is little.
constexpr double least_batch_seconds = 200e-6;
// Calls that fill this time before a set of buffers comes round again are slow because of
// themselves, not because of the cache.
constexpr double rotation_seconds = 0.1;
constexpr std::size_t least_sets = 64;
constexpr std::size_t least_repeats = 5;
constexpr std::size_t estimate_calls = 64;
constexpr double long_call_seconds = 1e-3;
constexpr double least_call_seconds = 1e-9;  // of a call that has nothing to do
constexpr std::size_t most_hot_calls = 100'000;

/// Seconds of `calls` calls in a row on this rank.
double time_batch(comm::Communicator& comm, Contender& contender, std::size_t calls) {
  contender.buffers->prepare(calls);
  comm::barrier(comm);
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < calls; ++i)
    contender.call(contender.buffers->next());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double agreed_maximum(comm::Communicator& comm, double value) {
  comm::allreduce(comm, std::span(&value, 1), comm::ReduceOp::max);
  return value;
}

/// About the seconds of one call, equal on all ranks.
double estimate(comm::Communicator& comm, Contender& contender, std::size_t warmup) {
  for (std::size_t i = 0; i < warmup; ++i)
    contender.call(contender.buffers->next());
  const double first = agreed_maximum(comm, time_batch(comm, contender, 1));
  if (first >= long_call_seconds) return first;
  const double batch = agreed_maximum(comm, time_batch(comm, contender, estimate_calls));
  return std::max(batch / static_cast<double>(estimate_calls), least_call_seconds);
}

std::size_t whole(double value, std::size_t least, std::size_t most) {
  if (!(value < static_cast<double>(most))) return most;
  return std::max(static_cast<std::size_t>(std::ceil(value)), least);
}

/// Calls every set once; the elements that are wrong afterwards, on this rank.
std::uint64_t verified_pass(Contender& contender) {
  if (!contender.buffers->is_verified()) return 0;
  contender.buffers->plant();
  for (std::size_t s = 0; s < contender.buffers->sets(); ++s)
    contender.call(contender.buffers->next());
  return contender.buffers->count_wrong();
}

/// As many for each of them: who goes round in fewer buffers would find more in the cache.
void limit_sets(std::span<Contender> contenders, std::span<const double> estimates, bool hot) {
  const double fastest = *std::ranges::min_element(estimates);
  for (Contender& contender : contenders) {
    Workload& buffers = *contender.buffers;
    buffers.limit_sets(hot ? 1 : whole(rotation_seconds / fastest, least_sets, buffers.sets()));
  }
}

/// So many calls make a batch long enough to be timed, each on a set of its own.
std::size_t batch_of(const Contender& contender, double estimated, bool hot) {
  const std::size_t most = hot ? most_hot_calls : contender.buffers->sets();
  return whole(least_batch_seconds / estimated, 1, most);
}

std::size_t repeats_of(std::span<const Lap> laps, std::span<const double> estimates,
                       const RaceOptions& options) {
  double round = 0;
  for (std::size_t c = 0; c < laps.size(); ++c)
    round += estimates[c] * static_cast<double>(laps[c].batch);
  return whole(options.seconds / round, std::min(least_repeats, options.repeats), options.repeats);
}

/// The slowest rank's time of every repeat; the wrong elements of all ranks.
void agree(comm::Communicator& comm, Lap& lap) {
  comm::allreduce(comm, std::span(lap.seconds), comm::ReduceOp::max);
  auto wrong = static_cast<std::int64_t>(lap.wrong);
  comm::allreduce(comm, std::span(&wrong, 1), comm::ReduceOp::sum);
  lap.wrong = static_cast<std::uint64_t>(wrong);
}

}  // namespace

std::vector<Lap> race(comm::Communicator& comm, std::span<Contender> contenders,
                      const RaceOptions& options) {
  std::vector<Lap> laps(contenders.size());
  std::vector<double> estimates(contenders.size());
  for (Contender& contender : contenders)
    contender.buffers->plant();
  for (std::size_t c = 0; c < contenders.size(); ++c)
    estimates[c] = estimate(comm, contenders[c], options.warmup);
  limit_sets(contenders, estimates, options.hot);

  for (std::size_t c = 0; c < contenders.size(); ++c) {
    laps[c].batch = batch_of(contenders[c], estimates[c], options.hot);
    laps[c].wrong += verified_pass(contenders[c]);
  }
  for (Contender& contender : contenders)
    contender.buffers->plant();
  const std::size_t repeats = repeats_of(laps, estimates, options);
  for (std::size_t r = 0; r < repeats; ++r) {
    for (std::size_t c = 0; c < contenders.size(); ++c) {
      const double seconds = time_batch(comm, contenders[c], laps[c].batch);
      laps[c].seconds.push_back(seconds / static_cast<double>(laps[c].batch));
    }
  }
  for (std::size_t c = 0; c < contenders.size(); ++c) {
    laps[c].wrong += verified_pass(contenders[c]);
    agree(comm, laps[c]);
  }
  return laps;
}

}  // namespace rondo::bench
