// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/step.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/philox.hpp"
#include "rondo/nn/network.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/train/session.hpp"

#include "rondo_bench/statistics.hpp"

namespace rondo::bench {
namespace {

constexpr nn::ImageShape fashion_mnist{1, 28, 28};
constexpr std::size_t classes = 10;

/// A lane's images and labels, drawn once; the data never changes while the clock runs.
struct SyntheticBatch {
  AlignedBuffer<float> images;
  AlignedBuffer<std::int32_t> labels;
};

SyntheticBatch make_batch(std::size_t lane, std::size_t count) {
  SyntheticBatch batch{AlignedBuffer<float>(count * fashion_mnist.elements()),
                       AlignedBuffer<std::int32_t>(count)};
  const Philox random(lane, RandomPurpose::augment);
  for (std::size_t i = 0; i < batch.images.size(); ++i)
    batch.images[i] = 2 * Philox::uniform(random.block(i)[0]) - 1;
  for (std::size_t i = 0; i < count; ++i)
    batch.labels[i] = static_cast<std::int32_t>((i + lane) % classes);
  return batch;
}

/// The trainer's step without its reading of data.
class StepLoop {
 public:
  StepLoop(comm::Communicator& comm, const StepOptions& options)
      : network_(nn::make_network(nn::make_model(options.model, fashion_mnist, classes),
                                  {.precision = options.precision,
                                   .micro_batch = options.batch,
                                   .threads = options.threads})),
        session_(comm, network_->parameters(), optim::make_optimizer("sgd", {.momentum = 0.9F}),
                 {.lanes = options.lanes,
                  .reduction = options.reduction,
                  .precision = options.precision,
                  .compression = options.compression}) {
    network_->bind(session_.parameters());
    nn::initialize(*network_, session_.parameters(), 1);
    session_.synchronize();
    network_->parameters_changed();
    for (std::size_t lane = session_.lanes().begin; lane < session_.lanes().end; ++lane)
      batches_.push_back(make_batch(lane, options.batch));
  }

  train::StepResult run() {
    std::size_t lane = session_.lanes().begin;
    for (const SyntheticBatch& batch : batches_) {
      session_.begin_lane(lane++, static_cast<double>(batch.labels.size()));
      const nn::BatchSums sums = network_->train(
          {.images = batch.images.span(), .labels = batch.labels.span()}, session_.loss_scale(),
          [this](std::size_t parameter) { session_.ready(parameter); });
      session_.end_lane(sums.loss, static_cast<double>(sums.correct));
    }
    const train::StepResult result = session_.step(0.01F);
    network_->parameters_changed();
    return result;
  }

 private:
  std::unique_ptr<nn::Network> network_;
  train::Session session_;
  std::vector<SyntheticBatch> batches_;
};

/// Seconds of `steps` steps on the slowest rank. Collective.
double time_steps(comm::Communicator& comm, StepLoop& loop, std::size_t steps) {
  comm::barrier(comm);
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t s = 0; s < steps; ++s)
    loop.run();
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  comm::allreduce(comm, std::span(&seconds, 1), comm::ReduceOp::max);
  return seconds;
}

}  // namespace

std::vector<double> measure_step(comm::Communicator& comm, const StepOptions& options) {
  StepLoop loop(comm, options);
  const double first_loss = loop.run().loss;
  double last_loss = first_loss;
  for (std::size_t s = 0; s < options.warmup; ++s)
    last_loss = loop.run().loss;
  // A step that does not learn its few samples by heart is not a training step.
  if (!(last_loss < first_loss))
    throw NumericError(
        fmt::format("the loss did not fall during warm-up ({} to {})", first_loss, last_loss));

  std::vector<double> rates;
  const auto samples = static_cast<double>(options.steps * options.lanes * options.batch);
  for (std::size_t r = 0; r < options.repeats; ++r)
    rates.push_back(samples / time_steps(comm, loop, options.steps));
  return rates;
}

}  // namespace rondo::bench
