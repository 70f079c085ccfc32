// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/overlap.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "rondo/grad/arena.hpp"

namespace rondo::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// A chain of operations each of which waits for the one before: its time is their number.
std::uint64_t chain(std::uint64_t state, std::uint64_t operations) {
  for (std::uint64_t i = 0; i < operations; ++i)
    state = state * 6364136223846793005U + 1442695040888963407U;
  return state;
}

/// Keeps a core busy for a known time, in turns.
class SyntheticWork {
 public:
  SyntheticWork(Backward kind, std::chrono::microseconds turn) : kind_(kind), turn_(turn) {
    constexpr std::uint64_t trial = 10'000'000;
    double fastest = 1;
    for (int i = 0; i < 5; ++i) {
      const auto begin = Clock::now();
      state_ = chain(state_, trial);
      fastest = std::min(fastest, seconds_since(begin));
    }
    operations_a_second_ = static_cast<double>(trial) / fastest;
  }

  /// Starts a pass; the shares of run() follow one another from here on.
  void begin() { end_ = Clock::now(); }

  /// One share of the pass. `between_turns` is called between its turns.
  void run(double seconds, const std::function<void()>& between_turns) {
    if (kind_ == Backward::clock) return run_until_due(seconds, between_turns);
    double left = seconds;
    while (left > 0) {
      const double turn = std::min(left, turn_.count());
      state_ = chain(state_, static_cast<std::uint64_t>(turn * operations_a_second_));
      left -= turn;
      if (left > 0) between_turns();
    }
  }

 private:
  void run_until_due(double seconds, const std::function<void()>& between_turns) {
    end_ += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    while (Clock::now() < end_) {
      const auto turn_end =
          std::min(end_, Clock::now() + std::chrono::duration_cast<Clock::duration>(turn_));
      while (Clock::now() < turn_end)
        state_ = chain(state_, 100);
      if (Clock::now() < end_) between_turns();
    }
  }

  Backward kind_;
  std::chrono::duration<double> turn_;
  double operations_a_second_ = 1;
  volatile std::uint64_t state_ = 1;  // so that the operations are made
  Clock::time_point end_;
};

std::vector<ParameterSpec> make_specs(const OverlapOptions& options) {
  const std::size_t elements =
      std::max(options.gradient_bytes / sizeof(float) / options.parameters, std::size_t{1});
  std::vector<ParameterSpec> specs;
  for (std::size_t i = 0; i < options.parameters; ++i)
    specs.push_back({.name = fmt::format("parameter {}", i), .shape = {elements}});
  return specs;
}

/// Small whole numbers, so that every order of their sum is exact.
float gradient_at(std::size_t element, int rank) {
  return static_cast<float>((element % 13 + 1) * static_cast<std::size_t>(rank + 1));
}

class OverlapBench {
 public:
  OverlapBench(comm::Communicator& comm, const OverlapOptions& options)
      : comm_(comm),
        options_(options),
        arena_(make_specs(options), {.bucket_bytes = options.bucket_bytes}, comm),
        views_(arena_.views()),
        sum_(arena_, comm, static_cast<std::size_t>(comm.size()), options.reduction),
        work_(options.backward, options.poll_interval) {}

  /// A step whose backward pass computes for so long. Collective.
  double step(double computation) {
    return slowest([&] {
      sum_.begin_lane(sum_.lanes().begin, 1);
      backward(
          computation, [this] { comm_.progress(); },
          [this](std::size_t parameter) { sum_.ready(parameter); });
      sum_.end_lane(0, 0);
      sum_.finish(false);
    });
  }

  /// The backward pass of such a step without its reduction. Collective.
  double compute(double computation) {
    return slowest([&] {
      backward(
          computation, [] {}, [](std::size_t) {});
    });
  }

  /// Elements of the last step's sum, on all ranks, that are not what they must be. Collective.
  std::uint64_t wrong() {
    std::int64_t count = 0;
    const int ranks = comm_.size();
    const auto total = static_cast<float>(ranks * (ranks + 1) / 2);
    for (const ParameterView& view : views_) {
      for (std::size_t j = 0; j < view.grad.size(); ++j)
        count += view.grad[j] == gradient_at(j, 0) * total ? 0 : 1;
    }
    comm::allreduce(comm_, std::span(&count, 1), comm::ReduceOp::sum);
    return static_cast<std::uint64_t>(count);
  }

 private:
  void backward(double seconds, const std::function<void()>& between_turns,
                const std::function<void(std::size_t)>& ready) {
    work_.begin();
    for (std::size_t i = views_.size(); i-- > 0;) {
      work_.run(seconds / static_cast<double>(views_.size()), between_turns);
      const std::span<float> grad = views_[i].grad;
      for (std::size_t j = 0; j < grad.size(); ++j)
        grad[j] += gradient_at(j, comm_.rank());
      ready(i);
    }
  }

  double slowest(const std::function<void()>& body) {
    comm::barrier(comm_);
    const auto begin = Clock::now();
    body();
    double seconds = seconds_since(begin);
    comm::allreduce(comm_, std::span(&seconds, 1), comm::ReduceOp::max);
    return seconds;
  }

  comm::Communicator& comm_;
  const OverlapOptions& options_;
  grad::Arena arena_;
  std::vector<ParameterView> views_;
  grad::GradientSum sum_;
  SyntheticWork work_;
};

/// One ratio; `communication` is what the reduction alone took before. Collective.
OverlapFigures measure(OverlapBench& bench, const OverlapOptions& options, double ratio,
                       double communication) {
  const double computation = communication / ratio;
  std::vector<double> alone;
  std::vector<double> pass;
  std::vector<double> step;
  std::vector<double> bound;
  OverlapFigures figures{.ratio = ratio};
  for (std::size_t i = 0; i < options.repeats; ++i) {
    alone.push_back(bench.step(0));
    pass.push_back(bench.compute(computation));
    step.push_back(bench.step(computation));
    bound.push_back(std::max(alone.back(), pass.back()));
    figures.wrong += bench.wrong();
  }
  figures.communication = summarize(alone);
  figures.computation = summarize(pass);
  figures.step = summarize(step);
  figures.over_bound = median_ratio(step, bound);
  return figures;
}

}  // namespace

std::vector<OverlapFigures> measure_overlap(comm::Communicator& comm,
                                            const OverlapOptions& options) {
  OverlapBench bench(comm, options);
  std::vector<double> alone;
  for (std::size_t i = 0; i <= options.warmup; ++i)
    alone.push_back(bench.step(0));
  const double communication = *std::ranges::min_element(alone);

  std::vector<OverlapFigures> all;
  for (const double ratio : options.ratios)
    all.push_back(measure(bench, options, ratio, communication));
  return all;
}

}  // namespace rondo::bench
