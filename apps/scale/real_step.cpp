// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/real_step.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/data/batch_loader.hpp"
#include "rondo/data/dataset.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/telemetry/counters.hpp"
#include "rondo/train/session.hpp"

#include "measure/synthetic_batch.hpp"

namespace rondo::scale {
namespace {

constexpr nn::ImageShape fashion_mnist{1, 28, 28};
constexpr std::size_t usual_classes = 10;

std::size_t lanes_of(const RealOptions& options, double share) {
  const double lanes = static_cast<double>(options.lanes) * share;
  require(lanes >= 1 && std::abs(lanes - std::round(lanes)) < 1e-6,
          "make_real_step: the share leaves no whole number of lanes");
  return static_cast<std::size_t>(std::lround(lanes));
}

std::unique_ptr<nn::Network> make_network_for(const RealOptions& options, nn::ImageShape shape,
                                              std::size_t classes) {
  return nn::make_network(
      nn::make_model(options.model, shape, classes),
      {.precision = options.precision, .micro_batch = options.batch, .threads = options.threads});
}

/// Where the lanes' batches come from.
class Batches {
 public:
  virtual ~Batches() = default;
  virtual nn::Batch next(std::size_t lane) = 0;
};

nn::Batch view(const bench::SyntheticBatch& batch, std::size_t lane) {
  return {.images = batch.images.span(), .labels = batch.labels.span(), .lane = lane};
}

/// The same ones in every step.
class HeldBatches final : public Batches {
 public:
  HeldBatches(comm::LaneRange lanes, std::vector<bench::SyntheticBatch> batches)
      : first_(lanes.begin), batches_(std::move(batches)) {}
  nn::Batch next(std::size_t lane) override { return view(batches_[lane - first_], lane); }

 private:
  std::size_t first_;
  std::vector<bench::SyntheticBatch> batches_;
};

std::vector<bench::SyntheticBatch> draw_batches(comm::LaneRange lanes, std::size_t batch,
                                                const nn::NetworkSpec& spec) {
  std::vector<bench::SyntheticBatch> batches;
  for (std::size_t lane = lanes.begin; lane < lanes.end; ++lane)
    batches.push_back(bench::make_batch(lane, batch, spec.input.elements(), spec.classes));
  return batches;
}

/// Whole ones: the rest at the end of an epoch would be a shorter step.
class ReadBatches final : public Batches {
 public:
  ReadBatches(const std::filesystem::path& file, comm::LaneRange lanes, std::size_t all_lanes,
              std::size_t batch)
      : dataset_(file, "train"),
        batch_(batch),
        loader_(dataset_,
                data::LaneSampler({.samples = dataset_.info().samples,
                                   .chunk_samples = dataset_.info().chunk_samples,
                                   .lanes = all_lanes,
                                   .micro_batch = batch}),
                {.first_lane = lanes.begin, .last_lane = lanes.end}) {}
  nn::Batch next(std::size_t lane) override {
    const data::LaneBatch* batch = &loader_.next();
    while (batch->count < batch_)
      batch = &loader_.next();
    return {.images = batch->images.span().first(batch_ * dataset_.info().sample_elements()),
            .labels = batch->labels.span().first(batch_),
            .lane = lane};
  }

 private:
  data::Dataset dataset_;
  std::size_t batch_;
  data::BatchLoader loader_;
};

/// The batches of the first step: how long passes take depends on what is on the images.
std::vector<bench::SyntheticBatch> copy_first(Batches& from, comm::LaneRange lanes) {
  std::vector<bench::SyntheticBatch> batches;
  for (std::size_t lane = lanes.begin; lane < lanes.end; ++lane) {
    const nn::Batch batch = from.next(lane);
    bench::SyntheticBatch& copy = batches.emplace_back(
        bench::SyntheticBatch{AlignedBuffer<float>(batch.images.size()),
                              AlignedBuffer<std::int32_t>(batch.labels.size())});
    std::ranges::copy(batch.images, copy.images.data());
    std::ranges::copy(batch.labels, copy.labels.data());
  }
  return batches;
}

std::unique_ptr<Batches> make_batches(const RealOptions& options, Kind kind, comm::LaneRange lanes,
                                      std::size_t all_lanes, const nn::NetworkSpec& spec) {
  if (options.data.empty())
    return std::make_unique<HeldBatches>(lanes, draw_batches(lanes, options.batch, spec));
  auto read = std::make_unique<ReadBatches>(options.data, lanes, all_lanes, options.batch);
  if (kind != Kind::computing) return read;
  return std::make_unique<HeldBatches>(lanes, copy_first(*read, lanes));
}

class RealStep final : public TrainingStep {
 public:
  RealStep(comm::Communicator& comm, const RealOptions& options, Kind kind, double share)
      : network_(make_network(options, share * comm.size())),
        session_(comm, network_->parameters(), optim::make_optimizer("sgd", {.momentum = 0.9F}),
                 {.lanes = lanes_of(options, share) * static_cast<std::size_t>(comm.size()),
                  .precision = options.precision,
                  .bucket_bytes = options.bucket_bytes}) {
    network_->before_reading(
        [this](std::size_t parameter) { session_.wait_for_parameter(parameter); });
    network_->bind(session_.parameters());
    nn::initialize(*network_, session_.parameters(), 1);
    session_.synchronize();
    network_->parameters_changed();
    batches_ = make_batches(options, kind, session_.lanes(),
                            lanes_of(options, share) * static_cast<std::size_t>(comm.size()),
                            network_->spec());
  }

  StepTimes run() override {
    StepTimes times;
    telemetry::Stopwatch stopwatch;
    const comm::LaneRange lanes = session_.lanes();
    for (std::size_t lane = lanes.begin; lane < lanes.end; ++lane) {
      const nn::Batch batch = batches_->next(lane);
      times.data += stopwatch.seconds();
      stopwatch.restart();
      train(batch);
      times.pass += stopwatch.seconds();
      stopwatch.restart();
    }
    session_.step(0.001F);
    network_->parameters_changed();
    times.finish = stopwatch.seconds();
    return times;
  }

 private:
  void train(const nn::Batch& batch) {
    session_.begin_lane(batch.lane, static_cast<double>(batch.size()));
    const nn::BatchSums sums = network_->train(
        batch, session_.loss_scale(), [this](std::size_t parameter) { session_.ready(parameter); });
    session_.end_lane(sums.loss, static_cast<double>(sums.correct));
  }

  std::unique_ptr<nn::Network> network_;
  train::Session session_;
  std::unique_ptr<Batches> batches_;
};

}  // namespace

std::unique_ptr<nn::Network> make_network(const RealOptions& options, double most_shares) {
  if (options.data.empty()) return make_network_for(options, fashion_mnist, usual_classes);
  const data::Dataset dataset(options.data, "train");
  const data::DatasetInfo& info = dataset.info();
  const std::size_t lanes = lanes_of(options, most_shares);
  // A lane may have one sample fewer than the others.
  if (info.samples / lanes < options.batch)
    throw ConfigError(fmt::format(
        "--data {}: its {} training samples are too few for a step of {} lanes of {}: take a "
        "smaller --batch, fewer ranks or more data",
        options.data.string(), info.samples, lanes, options.batch));
  return make_network_for(options, {info.channels, info.height, info.width}, info.classes);
}

std::unique_ptr<TrainingStep> make_real_step(comm::Communicator& comm, const RealOptions& options,
                                             Kind kind, double share) {
  require(kind != Kind::reduction, "make_real_step: a real step has passes");
  return std::make_unique<RealStep>(comm, options, kind, share);
}

}  // namespace rondo::scale
