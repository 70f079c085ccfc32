// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "measure/synthetic_work.hpp"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "rondo/telemetry/counters.hpp"

namespace rondo::bench {
namespace {

/// How much later than asked a thread wakes, mostly: Linux's timer slack and what it takes to run.
constexpr std::chrono::microseconds late_from_sleep(80);

/// A chain of operations each of which waits for the one before: its time is their number.
std::uint64_t chain(std::uint64_t state, std::uint64_t operations) {
  for (std::uint64_t i = 0; i < operations; ++i)
    state = state * 6364136223846793005U + 1442695040888963407U;
  return state;
}

}  // namespace

SyntheticWork::SyntheticWork(Backward kind, std::chrono::microseconds turn)
    : kind_(kind), turn_(turn) {
  constexpr std::uint64_t trial = 10'000'000;
  double fastest = 1;
  for (int i = 0; i < 5; ++i) {
    const telemetry::Stopwatch stopwatch;
    state_ = chain(state_, trial);
    fastest = std::min(fastest, stopwatch.seconds());
  }
  operations_a_second_ = static_cast<double>(trial) / fastest;
}

void SyntheticWork::run(double seconds, const std::function<void()>& between_turns) {
  if (kind_ == Backward::clock) return run_until_due(seconds, between_turns);
  double left = seconds;
  while (left > 0) {
    const double turn = std::min(left, turn_.count());
    state_ = chain(state_, static_cast<std::uint64_t>(turn * operations_a_second_));
    left -= turn;
    if (left > 0) between_turns();
  }
}

void SyntheticWork::run_until_due(double seconds, const std::function<void()>& between_turns) {
  end_ += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  while (Clock::now() < end_) {
    const auto turn_end =
        std::min(end_, Clock::now() + std::chrono::duration_cast<Clock::duration>(turn_));
    std::this_thread::sleep_until(turn_end - late_from_sleep);
    while (Clock::now() < turn_end)
      state_ = chain(state_, 100);
    if (Clock::now() < end_) between_turns();
  }
}

std::vector<ParameterSpec> equal_parameters(std::size_t gradient_bytes, std::size_t parameters) {
  const std::size_t elements =
      std::max(gradient_bytes / sizeof(float) / parameters, std::size_t{1});
  std::vector<ParameterSpec> specs;
  for (std::size_t i = 0; i < parameters; ++i)
    specs.push_back({.name = fmt::format("parameter {}", i), .shape = {elements}});
  return specs;
}

}  // namespace rondo::bench
