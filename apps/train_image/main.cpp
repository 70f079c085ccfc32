// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-train-image: trains an image classifier data-parallel on any number of ranks.
//
// This file is the tutorial. A trainer on Rondo has four things: a data set that deals samples to
// lanes, a model that adds gradients into memory it is given, a Session that sums them over all
// lanes of all ranks and updates the parameters, and a loop. Run it alone, or under mpirun.

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/device_limit.hpp"
#include "rondo/base/log.hpp"
#include "rondo/comm/agree.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/comm/mpi_file.hpp"
#include "rondo/data/batch_loader.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/data/lane_sampler.hpp"
#include "rondo/job/run_lock.hpp"
#include "rondo/job/signals.hpp"
#include "rondo/job/wall_time.hpp"
#include "rondo/nn/network.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/optim/schedule.hpp"
#include "rondo/telemetry/counters.hpp"
#include "rondo/telemetry/skew.hpp"
#include "rondo/telemetry/trace.hpp"
#include "rondo/train/session.hpp"
#include "rondo/train/session_checkpoint.hpp"
#include "rondo/train/session_saver.hpp"
#include "rondo/train/tracing.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "train_image/consumption.hpp"
#include "train_image/model.hpp"
#include "train_image/options.hpp"
#include "train_image/preparation.hpp"
#include "train_image/reading.hpp"
#include "train_image/report.hpp"
#include "train_image/wall_time.hpp"

namespace rondo::apps {
namespace {

/// Everything a step needs, built once.
class Trainer {
 public:
  Trainer(comm::Communicator& comm, const TrainOptions& options, Inputs inputs,
          std::unique_ptr<Model> model, const Course& course)
      : comm_(comm),
        options_(options),
        inputs_(std::move(inputs)),
        model_(std::move(model)),
        sampler_(course.sampler),
        session_(model_->make_session(comm, options.session_options(sampler_.lanes()))),
        saver_(comm, options.saver_options()),
        steps_(course.steps),
        schedule_(course.schedule) {
    model_->bind(session_);
  }

  /// Starts from fresh parameters, or with --resume from the newest checkpoint.
  void start(const std::filesystem::path& checkpoints) {
    nn::initialize(model_->spec(), session_.parameters(), options_.seed);
    std::optional<std::uint64_t> resumed;
    if (options_.resume) {
      train::Notes notes;
      resumed = train::resume(comm_, session_, checkpoints, identity(), conditions(), &notes);
      comm::agree_on_success(comm_, [&] { consumption_.restore(notes); });
    }
    if (!resumed) session_.synchronize();
    saver_.prepare(session_);
    step_ = resumed.value_or(0);
    model_->parameters_changed();
    if (options_.read == data::ReadMode::collective)
      file_ = comm::open_collective_file(comm_, options_.data);
    comm::agree_on_success(comm_, [this] {
      start_loader();
      test_loader_ = make_test_loader(*inputs_.test, options_, comm_.rank(), comm_.size());
    });
  }

  /// One optimizer step over all lanes. Collective.
  train::StepResult step() {
    const telemetry::TraceSpan span(telemetry::Activity::step, step_ + 1);
    const telemetry::Stopwatch stopwatch;
    const comm::LaneRange lanes = session_.lanes();
    for (std::size_t lane = lanes.begin; lane < lanes.end; ++lane) {
      const data::LaneBatch& batch = next_batch(lane);
      const telemetry::TraceSpan of_lane(telemetry::Activity::lane, lane);
      model_->train(session_, batch, lane, step_);
      consumption_.add(batch);
      if (lane == 0) last_use_ = {batch.epoch, batch.position, batch.count};
    }
    look_ahead();
    const bool time_is_up = wall_time_.is_last_step(epoch_ends_ahead());
    const train::StepResult result =
        session_.step(schedule_.at(step_), time_is_up || job::stop_requested());
    model_->parameters_changed();
    ++step_;
    meter_.add_step(stopwatch.seconds());
    return result;
  }

  /// What there is to say of the epoch that has just ended. Collective.
  EpochEnd end_epoch() {
    const telemetry::TraceSpan span(telemetry::Activity::evaluation);
    const telemetry::Stopwatch stopwatch;
    std::array<double, 3 + ReadingMeter::sum_count> sums{};
    const auto of_test = std::span(sums).first<3>();
    const auto of_reading = std::span(sums).last<ReadingMeter::sum_count>();
    meter_.end_epoch(*loader_, epoch() - 1, of_reading);
    evaluate(of_test);
    comm::allreduce(comm_, std::span<double>(sums), comm::ReduceOp::sum);
    const double seconds = stopwatch.seconds();
    wall_time_.add_evaluation(seconds);
    session_.times().leave_out(seconds);
    return {.evaluation = {.loss = sums[1] / sums[0], .accuracy = sums[2] / sums[0]},
            .evaluation_seconds = seconds,
            .reading = ReadingMeter::reading(of_reading, inputs_.train->info().bytes)};
  }

  /// From now on the run ends in time. Only rank 0 needs to know when that is.
  void limit(const job::WallTime& wall_time) { wall_time_ = wall_time; }

  /// Written while the next steps run, unless the options say otherwise. Collective.
  void save() {
    const telemetry::TraceSpan span(telemetry::Activity::checkpoint, step_);
    const telemetry::Stopwatch stopwatch;
    const train::Notes notes = consumption_.collect(comm_);
    saver_.save(session_, step_, identity(), {.conditions = conditions(), .notes = notes});
    session_.times().spent(telemetry::Cause::checkpoint, stopwatch.seconds());
    wall_time_.add_save(stopwatch.seconds(), saver_.seconds_behind());
  }
  /// Returns when the last checkpoint is on disk. Collective.
  void finish() {
    saver_.finish();
    model_->finish();
  }

  std::uint64_t steps_done() const { return step_; }
  std::uint64_t total_steps() const { return steps_; }
  /// What each rank did with the last step's time.
  std::span<const telemetry::RankTimes> rank_times() const { return session_.rank_times(); }
  const StepUse& last_use() const { return last_use_; }  ///< on rank 0, which has lane 0
  std::size_t epoch() const { return step_ / sampler_.steps_per_epoch(); }
  /// Ask once a step.
  bool is_save_due() { return saver_.is_due(step_) || at_epoch_end(); }
  bool at_epoch_end() const { return step_ % sampler_.steps_per_epoch() == 0; }
  float learning_rate() const { return schedule_.at(step_ > 0 ? step_ - 1 : 0); }
  float loss_scale() const { return session_.loss_scale(); }
  RunPlan plan() const {
    return {.first_step = step_,
            .total_steps = steps_,
            .steps_per_epoch = sampler_.steps_per_epoch(),
            .order = sampler_.options(),
            .mixing = sampler_.mixing(),
            .data = identity().at("data"),
            .notes = inputs_.train->info().notes,
            .life = consumption_.life(),
            .parent = consumption_.parent(),
            .ranks = comm_.size(),
            .binding = binding_text(),
            .place = model_->place(),
            .precision = std::string(name_of(model_->precision())),
            .one_pass = session_.is_one_pass(),
            .bucket = session_.bucket_size(),
            .evaluation_steps = static_cast<double>(inputs_.test->info().samples) /
                                static_cast<double>(sampler_.lanes() * options_.batch),
            .memory = memory_plan()};
  }
  RunEnd end(bool stopped) {
    train::Memory memory = session_.memory();
    memory.saving = saver_.resident_copy();
    return {.steps = step_,
            .stop = !stopped ? "" : (wall_time_.has_ended() ? "wall time" : "signal"),
            .bad_steps = session_.bad_steps(),
            .parameters_hash = session_.arena().values_hash(),
            .loader = with_memory_of(loader_->statistics(), test_loader_->statistics()),
            .memory = memory};
  }

 private:
  const data::LaneBatch& next_batch(std::size_t lane) {
    const telemetry::TraceSpan span(telemetry::Activity::data_wait, lane);
    if (!ahead_.empty()) {
      const data::LaneBatch& batch = *ahead_.front();
      ahead_.pop_front();
      return batch;
    }
    const telemetry::Stopwatch stopwatch;
    const data::LaneBatch& batch = loader_->next();
    session_.times().spent(telemetry::Cause::data, stopwatch.seconds());
    return batch;
  }

  /// A GPU gets the next step's first batches while it works on this step. One that is not there
  /// yet would keep the other ranks waiting for this step's end, and evaluation has batches of its
  /// own.
  void look_ahead() {
    const bool evaluates_next = (step_ + 1) % sampler_.steps_per_epoch() == 0;
    if (evaluates_next) return;
    while (ahead_.size() < model_->lanes_at_once() && loader_->is_ready()) {
      ahead_.push_back(&loader_->next());
      model_->send_ahead(*ahead_.back());
    }
  }

  void start_loader() {
    const comm::LaneRange lanes = session_.lanes();
    std::optional<data::CollectiveReading> together;
    if (file_) together = reading_together(*file_, sampler_.lanes(), comm_.size());
    loader_ = std::make_unique<data::BatchLoader>(
        *inputs_.train, sampler_,
        data::BatchLoader::Options{.first_lane = lanes.begin,
                                   .last_lane = lanes.end,
                                   .epoch = epoch(),
                                   .step = step_ % sampler_.steps_per_epoch(),
                                   .kept = model_->lanes_at_once(),
                                   .threads = options_.loader_threads,
                                   .chunks_ahead = options_.prefetch,
                                   .read_mode = options_.read,
                                   .stage = options_.stage_options(),
                                   .collective = together,
                                   .image_size = options_.image_size,
                                   .seed = options_.seed,
                                   .augmentation = options_.augmentation(),
                                   .image_form = options_.image_form()});
    if (!loader_->obstacle().empty())
      log::info(fmt::format("reads through HDF5: {}", loader_->obstacle()));
  }

  /// Sums of weight, loss and correct over this rank's share of the test split.
  void evaluate(std::span<double, 3> sums) {
    for (std::size_t step = 0; step < test_loader_->steps_per_epoch(); ++step) {
      const data::LaneBatch& batch = test_loader_->next();
      if (batch.count == 0) continue;
      const nn::BatchSums part = model_->evaluate(batch);
      sums[0] += part.weight;
      sums[1] += part.loss;
      sums[2] += static_cast<double>(part.correct);
    }
  }

  train::MemoryPlan memory_plan() const {
    const train::Session::Options options = options_.session_options(sampler_.lanes());
    train::MemoryPlan plan = model_->plan_memory(session_, options, comm_);
    if (!options_.background_save) return plan;
    plan.between_steps.saving = plan.in_step.saving =
        train::SessionSaver::planned_copy(model_->parameters(), session_.optimizer(), options,
                                          saver_.writers(), comm_.rank(), comm_.size());
    return plan;
  }

  /// Epochs that end with the step under way or the one after it.
  int epoch_ends_ahead() const {
    const std::size_t length = sampler_.steps_per_epoch();
    return static_cast<int>((step_ + 2) / length - step_ / length);
  }
  train::RunIdentity identity() const {
    return run_identity(options_, sampler_.lanes(), inputs_.train->info());
  }
  /// Layers sum in the order in which their threads share the work, and on a GPU in another one.
  train::RunConditions conditions() const {
    return {{"threads", std::to_string(options_.threads)},
            {"device", std::string(name_of(options_.device))}};
  }

  comm::Communicator& comm_;
  const TrainOptions& options_;
  Inputs inputs_;
  std::unique_ptr<Model> model_;
  data::LaneSampler sampler_;
  train::Session session_;
  train::SessionSaver saver_;
  std::uint64_t steps_;
  optim::Schedule schedule_;
  std::unique_ptr<CollectiveFile> file_;  ///< with --read collective
  std::unique_ptr<data::BatchLoader> loader_;
  std::unique_ptr<data::BatchLoader> test_loader_;
  std::deque<const data::LaneBatch*> ahead_;  ///< of the loader's, for the next step
  ReadingMeter meter_;
  Consumption consumption_;
  StepUse last_use_;
  job::WallTime wall_time_;
  std::uint64_t step_ = 0;
};

ExitCode train_image(comm::Communicator& comm, TrainOptions& options, const Options& declared) {
  job::install_stop_signals();
  set_device_time_limit(options.device_limit());

  // What can fail on one rank alone happens before the first step, and all ranks learn of it.
  std::optional<job::RunLock> lock;  // on rank 0 only
  comm::agree_on_success(comm, [&] {
    check_all_count(options);
    if (is_root(comm)) lock.emplace(options.output);
  });
  Inputs inputs;
  comm::agree_on_success(comm, [&] { inputs = open_inputs(options); });
  const auto checkpoints = options.output / "checkpoints";
  train::check_same_identity(comm, shared_options(options, inputs));
  options.lanes = resolve_lanes(comm, options, checkpoints);
  if (options.resume && !options.bucket_bytes)
    options.bucket_bytes = train::stored_bucket_bytes(comm, checkpoints);
  auto model = make_model(comm, options, inputs.network, inputs.train->info());
  std::optional<Course> course;
  comm::agree_on_success(comm, [&] { course = plan_course(options, inputs, *model, comm.size()); });
  std::optional<train::Tracing> tracing;  // outlives all threads that it records
  Trainer trainer(comm, options, std::move(inputs), std::move(model), *course);

  // Nothing speaks against the run any more: with --overwrite this gives up the one before.
  comm::agree_on_success(comm, [&] {
    if (is_root(comm)) prepare_output(options);
  });
  tracing.emplace(comm, options.trace_options());
  trainer.start(checkpoints);
  const auto last_step = std::min(options.steps.value_or(UINT64_MAX), trainer.total_steps());
  std::optional<Report> report;  // on rank 0 only
  comm::agree_on_success(comm, [&] {
    if (is_root(comm)) report.emplace(options, declared.config_text(), trainer.plan());
  });
  if (is_root(comm)) trainer.limit(wall_time(options, trainer.plan()));

  bool stopped = false;
  while (!stopped && trainer.steps_done() < last_step) {
    const train::StepResult result = trainer.step();
    if (report)
      report->step(trainer.steps_done(), trainer.last_use(), result, trainer.learning_rate(),
                   trainer.loss_scale(), trainer.rank_times());
    stopped = result.stop;
    if (trainer.at_epoch_end()) {
      const EpochEnd epoch_end = trainer.end_epoch();
      if (report) report->epoch(trainer.steps_done(), epoch_end);
    }
    if (trainer.is_save_due() || stopped || trainer.steps_done() == last_step) {
      if (report) report->secure();
      trainer.save();
    }
    tracing->end_step(trainer.steps_done());
  }
  stopped = stopped && trainer.steps_done() < trainer.total_steps();
  if (report) report->finish(trainer.end(stopped));
  trainer.finish();
  tracing->finish();
  return stopped ? ExitCode::requeue : ExitCode::ok;
}

int run(int argc, char** argv) {
  TrainOptions values;
  Options options("rondo-train-image", "Trains an image classifier, data-parallel over all ranks.");
  declare(options, values);
  return run_mpi(
      options, argc, argv,
      [&](comm::Communicator& comm) { return train_image(comm, values, options); },
      [&] { return comm::CommunicatorOptions{.time_limit = values.communication_limit()}; });
}

}  // namespace
}  // namespace rondo::apps

int main(int argc, char** argv) {
  return rondo::apps::run(argc, argv);
}
