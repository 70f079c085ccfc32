// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/data/lane_sampler.hpp"
#include "rondo/job/run_directory.hpp"
#include "rondo/telemetry/counters.hpp"
#include "rondo/telemetry/curve_svg.hpp"
#include "rondo/telemetry/event_file.hpp"
#include "rondo/telemetry/progress.hpp"
#include "rondo/telemetry/skew.hpp"
#include "rondo/telemetry/step_log.hpp"
#include "rondo/train/session.hpp"

#include "train_image/options.hpp"
#include "train_image/reading.hpp"

namespace rondo::apps {

/// Means over the test split.
struct Evaluation {
  double loss = 0;
  double accuracy = 0;
};

/// What the end of an epoch has to tell.
struct EpochEnd {
  Evaluation evaluation;
  double evaluation_seconds = 0;
  EpochReading reading;
};

/// The stretch of the lanes' sequences that a step used: of lane 0, whose steps are the longest.
struct StepUse {
  std::size_t epoch = 0;
  std::size_t position = 0;
  std::size_t count = 0;
};

/// What a run is going to do.
struct RunPlan {
  std::uint64_t first_step = 0;
  std::uint64_t total_steps = 0;
  std::uint64_t steps_per_epoch = 0;
  data::LaneSampler::Options order;
  double mixing = 0;
  std::string data;                ///< what tells the data set apart
  std::vector<std::string> notes;  ///< what the data set does not say and was found out
  std::string life;                ///< the id of this start
  std::string parent;              ///< of the life whose checkpoint it goes on from; empty if none
  int ranks = 1;
  std::string binding;    ///< of the rank that reports
  std::string place;      ///< of the rank that reports: Model::place()
  std::string precision;  ///< what the layers compute in
  bool one_pass = false;  ///< see train::Session::is_one_pass()
  grad::BucketSize bucket;
  double evaluation_steps = 0;  ///< as many samples as the test split has
  train::MemoryPlan memory;     ///< of the rank that reports
};

/// What a run ended with.
struct RunEnd {
  std::uint64_t steps = 0;
  std::string_view
      stop;  ///< why before the last step: `signal` or `wall time`; empty if it is done
  std::uint64_t bad_steps = 0;
  std::uint64_t parameters_hash = 0;
  // Of the rank that reports:
  data::LoaderStatistics loader;
  train::Memory memory;
};

/// Makes the run directory, and sure that a run may start in it: that no other run's checkpoints
/// are there, unless the run goes on from them or --overwrite removes them. One rank does this.
/// \throws ConfigError  another run is there
/// \throws IoError      cannot_create or io
void prepare_output(const TrainOptions& options);

/// All that people and files get to see of a run: progress, metrics.ndjson, curve.svg, event files
/// for TensorBoard, the closing table. Rank 0 has one; training does not depend on it.
class Report {
 public:
  /// Writes the run directory's config.toml.
  /// \throws IoError  cannot_create or io
  Report(const TrainOptions& options, const std::string& config, const RunPlan& plan);

  /// After `step` steps of the whole run.
  void step(std::uint64_t step, const StepUse& use, const train::StepResult& result, float lr,
            float loss_scale, std::span<const telemetry::RankTimes> rank_times);
  void epoch(std::uint64_t step, const EpochEnd& end);
  /// Before a checkpoint: nothing is saved that the metrics may lose.
  void secure() {
    log_.sync();
    events_.sync();
  }
  void finish(const RunEnd& end);

 private:
  static constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

  void read_history();
  void write_curve() const;
  void log_stragglers(const telemetry::SkewSummary& skew);
  void log_end(const RunEnd& end, const telemetry::SkewSummary& skew, double seconds);
  void print_closing_table(const RunEnd& end, const telemetry::SkewSummary& skew,
                           double seconds) const;

  const TrainOptions& options_;
  RunPlan plan_;
  job::RunDirectory run_;
  telemetry::StepLog log_;
  telemetry::EventFile events_;
  telemetry::Progress progress_;
  telemetry::SkewMeter skew_;
  telemetry::Stopwatch stopwatch_;
  telemetry::Stopwatch since_last_step_;  // without evaluations
  double evaluation_seconds_ = 0;
  double samples_ = 0;
  std::vector<telemetry::CurvePoint> losses_;
  std::vector<telemetry::CurvePoint> accuracies_;
  Evaluation last_evaluation_{.loss = not_measured, .accuracy = not_measured};
};

}  // namespace rondo::apps
