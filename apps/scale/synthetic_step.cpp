// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/synthetic_step.hpp"

#include <algorithm>
#include <thread>
#include <vector>

#include "rondo/grad/arena.hpp"
#include "rondo/grad/gradient_sum.hpp"
#include "rondo/telemetry/counters.hpp"

namespace rondo::scale {
namespace {

using Clock = std::chrono::steady_clock;

Clock::duration duration_of(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

/// A reader that prepares one batch while the one before is in use.
class Reader {
 public:
  explicit Reader(double seconds) : seconds_(seconds), ready_(Clock::now()) {}

  /// Takes the next batch as soon as it is there.
  void next() {
    if (seconds_ <= 0) return;
    std::this_thread::sleep_until(ready_);
    ready_ = Clock::now() + duration_of(seconds_);
  }

 private:
  double seconds_;
  Clock::time_point ready_;
};

double reading_seconds(const SyntheticOptions& options, Kind kind) {
  const Rehearsal& rehearsal = options.rehearsal;
  const bool reads = rehearsal.slow_reader < 0 || rehearsal.slow_reader == options.job_rank;
  return kind == Kind::whole && reads ? rehearsal.reading_seconds : 0;
}

double factor_of(const SyntheticOptions& options, Kind kind, double share) {
  if (kind == Kind::reduction) return 0;
  const Rehearsal& rehearsal = options.rehearsal;
  return rehearsal.straggler == options.job_rank ? share * rehearsal.straggler_factor : share;
}

class SyntheticStep final : public TrainingStep {
 public:
  SyntheticStep(comm::Communicator& comm, const ModelWork& model, bench::SyntheticWork& work,
                const SyntheticOptions& options, Kind kind, double share)
      : comm_(comm),
        model_(model),
        work_(work),
        options_(options),
        kind_(kind),
        factor_(factor_of(options, kind, share)),
        arena_(parameters_of(model), {.bucket_bytes = options.bucket_bytes}, comm),
        views_(arena_.views()),
        sum_(arena_, comm, static_cast<std::size_t>(comm.size()), grad::Reduction::fast),
        reader_(reading_seconds(options, kind)) {}

  StepTimes run() override {
    StepTimes times;
    telemetry::Stopwatch stopwatch;
    const auto lap = [&stopwatch] {
      const double seconds = stopwatch.seconds();
      stopwatch.restart();
      return seconds;
    };
    reader_.next();
    times.data = lap();
    sum_.begin_lane(sum_.lanes().begin, 1);
    work_.begin();
    forward();
    backward();
    sum_.end_lane(0, 0);
    times.pass = lap();
    sum_.finish(false);
    times.finish = lap();
    save();
    times.checkpoint = lap();
    return times;
  }

 private:
  void compute(double seconds) {
    work_.run(factor_ * seconds, [this] { comm_.progress(); });
  }

  void forward() {
    for (const LayerWork& layer : model_.layers)
      compute(layer.forward_seconds);
  }

  void backward() {
    std::size_t parameter = views_.size();
    for (auto layer = model_.layers.rbegin(); layer != model_.layers.rend(); ++layer) {
      compute(layer->backward_seconds);
      if (layer->elements == 0) continue;
      // Whole numbers, so that every order of their sum is exact.
      std::ranges::fill(views_[--parameter].grad, static_cast<float>(comm_.rank() + 1));
      sum_.ready(parameter);
    }
  }

  void save() {
    const Rehearsal& rehearsal = options_.rehearsal;
    ++steps_;
    if (kind_ == Kind::whole && rehearsal.save_every > 0 && steps_ % rehearsal.save_every == 0)
      std::this_thread::sleep_for(duration_of(rehearsal.save_seconds));
  }

  comm::Communicator& comm_;
  const ModelWork& model_;
  bench::SyntheticWork& work_;
  SyntheticOptions options_;
  Kind kind_;
  double factor_;
  grad::Arena arena_;
  std::vector<ParameterView> views_;
  grad::GradientSum sum_;
  Reader reader_;
  std::uint64_t steps_ = 0;
};

}  // namespace

std::unique_ptr<TrainingStep> make_synthetic_step(comm::Communicator& comm, const ModelWork& model,
                                                  bench::SyntheticWork& work,
                                                  const SyntheticOptions& options, Kind kind,
                                                  double share) {
  return std::make_unique<SyntheticStep>(comm, model, work, options, kind, share);
}

}  // namespace rondo::scale
