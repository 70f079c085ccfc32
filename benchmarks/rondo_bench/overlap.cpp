// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/overlap.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "rondo/grad/arena.hpp"
#include "rondo/grad/bucket_size.hpp"
#include "rondo/grad/gradient_sum.hpp"
#include "rondo/telemetry/counters.hpp"

#include "measure/synthetic_work.hpp"

namespace rondo::bench {
namespace {

class OverlapBench {
 public:
  OverlapBench(comm::Communicator& comm, const OverlapOptions& options)
      : comm_(comm),
        options_(options),
        arena_(equal_parameters(options.gradient_bytes, options.parameters),
               {.bucket_bytes = options.bucket_bytes.value_or(grad::default_bucket_bytes)}, comm),
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
    const telemetry::Stopwatch stopwatch;
    body();
    double seconds = stopwatch.seconds();
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
