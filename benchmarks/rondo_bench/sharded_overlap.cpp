// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/sharded_overlap.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <span>

#include "rondo/grad/bucket_size.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/telemetry/counters.hpp"
#include "rondo/train/session.hpp"

namespace rondo::bench {
namespace {

/// Steps of which one period is measured, from the end of one to the end of another: what a step
/// leaves to the next one then counts once in each.
constexpr int steps_in_a_row = 3;

double slowest(comm::Communicator& comm, double seconds) {
  comm::allreduce(comm, std::span(&seconds, 1), comm::ReduceOp::max);
  return seconds;
}

class SyntheticTrainer {
 public:
  SyntheticTrainer(comm::Communicator& comm, const OverlapOptions& options, train::Gather gather)
      : comm_(comm),
        session_(comm, equal_parameters(options.gradient_bytes, options.parameters),
                 optim::make_optimizer("sgd", {}),
                 {.lanes = static_cast<std::size_t>(comm.size()),
                  .reduction = options.reduction,
                  .bucket_bytes = options.bucket_bytes.value_or(grad::default_bucket_bytes),
                  .sharding = options.sharding,
                  .one_pass = false,
                  .gather = gather}),
        views_(session_.parameters()),
        scratch_(views_[0].grad.size()),
        work_(options.backward, options.poll_interval) {}

  /// Seconds of a step. Collective.
  double step(double computation) {
    run_step(computation);
    const telemetry::Stopwatch stopwatch;
    for (int i = 0; i < steps_in_a_row; ++i)
      run_step(computation);
    const double seconds = stopwatch.seconds() / steps_in_a_row;
    session_.finish_parameters();
    return slowest(comm_, seconds);
  }

  /// Seconds of the passes of such a step. Collective.
  double compute(double computation) {
    comm::barrier(comm_);
    const telemetry::Stopwatch stopwatch;
    pass(
        computation / 3, [] {}, [](std::size_t) {});
    pass(
        computation * 2 / 3, [] {}, [this](std::size_t) { add_gradients(scratch_); });
    return slowest(comm_, stopwatch.seconds());
  }

  /// Values, on all ranks, whose bits are not the other one's. Collective.
  std::uint64_t differences(SyntheticTrainer& other) {
    const std::span<const float> a = session_.arena().values();
    const std::span<const float> b = other.session_.arena().values();
    std::int64_t count = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      count += std::bit_cast<std::uint32_t>(a[i]) == std::bit_cast<std::uint32_t>(b[i]) ? 0 : 1;
    comm::allreduce(comm_, std::span(&count, 1), comm::ReduceOp::sum);
    return static_cast<std::uint64_t>(count);
  }

 private:
  void run_step(double computation) {
    const auto look = [this] { comm_.progress(); };
    session_.begin_lane(session_.lanes().begin, 1);
    pass(computation / 3, look,
         [this](std::size_t p) { session_.wait_for_parameter(views_.size() - 1 - p); });
    pass(computation * 2 / 3, look, [this](std::size_t p) {
      add_gradients(views_[p].grad);
      session_.ready(p);
    });
    session_.end_lane(1, 0);
    session_.step(1e-6F);
  }

  /// From the last parameter to the first; `at` is called before the work of the forward pass's
  /// layers, and behind the backward pass's.
  void pass(double seconds, const std::function<void()>& look,
            const std::function<void(std::size_t)>& at) {
    work_.begin();
    for (std::size_t p = views_.size(); p-- > 0;) {
      at(p);
      work_.run(seconds / static_cast<double>(views_.size()), look);
    }
  }

  void add_gradients(std::span<float> grad) {
    for (std::size_t j = 0; j < grad.size(); ++j)
      grad[j] += gradient_at(j, comm_.rank());
  }

  comm::Communicator& comm_;
  train::Session session_;
  std::span<const ParameterView> views_;
  std::vector<float> scratch_;
  SyntheticWork work_;
};

/// One ratio; `communication` is what a step took without computing anything. Collective.
ShardedFigures measure(SyntheticTrainer& apart, SyntheticTrainer& together,
                       const OverlapOptions& options, double ratio, double communication) {
  const double computation = communication / ratio;
  std::vector<double> alone;
  std::vector<double> pass;
  std::vector<double> in_step;
  std::vector<double> in_forward;
  std::vector<double> bound;
  ShardedFigures figures{.ratio = ratio};
  for (std::size_t i = 0; i < options.repeats; ++i) {
    alone.push_back(apart.step(0));
    together.step(0);  // the same steps, so that values stay comparable
    pass.push_back(apart.compute(computation));
    in_step.push_back(apart.step(computation));
    in_forward.push_back(together.step(computation));
    bound.push_back(std::max(alone.back(), pass.back()));
    figures.wrong += apart.differences(together);
  }
  figures.communication = summarize(alone);
  figures.computation = summarize(pass);
  figures.in_step = summarize(in_step);
  figures.in_forward = summarize(in_forward);
  figures.gain = median_ratio(in_forward, in_step);
  figures.over_bound = median_ratio(in_forward, bound);
  return figures;
}

}  // namespace

std::vector<ShardedFigures> measure_sharded_overlap(comm::Communicator& comm,
                                                    const OverlapOptions& options) {
  SyntheticTrainer apart(comm, options, train::Gather::in_step);
  SyntheticTrainer together(comm, options, train::Gather::in_forward);
  std::vector<double> alone;
  for (std::size_t i = 0; i <= options.warmup; ++i) {
    alone.push_back(apart.step(0));
    together.step(0);
  }
  const double communication = *std::ranges::min_element(alone);

  std::vector<ShardedFigures> all;
  for (const double ratio : options.ratios)
    all.push_back(measure(apart, together, options, ratio, communication));
  return all;
}

}  // namespace rondo::bench
